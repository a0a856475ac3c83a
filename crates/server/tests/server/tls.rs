//! TLS with a certificate of these tests alone.

use crate::{
    client,
    running::{Running, quick},
};
use server::Tls;
use std::sync::Arc;
use store::engine::Engine;
use testkit::Stage;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        self,
        pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    },
};

const CERTIFICATE: &[u8] = include_bytes!("tls/certificate.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");

fn tls() -> Option<Tls> {
    Some(Tls { certificates_pem: CERTIFICATE.to_vec(), key_pem: KEY.to_vec() })
}

fn connector() -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE).expect("a certificate")).expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_over_tls_and_tells_browsers_to_stay_there() {
    let stage = Stage::new(Engine::Sqlite).await;
    let running = Running::on(stage, quick(), |config| config.tls = tls()).await;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream =
        connector().connect(name, running.client().connect().await).await.expect("the handshake is done");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let answer = client::parse(&bytes);
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_shakes_hands_is_cut() {
    let stage = Stage::new(Engine::Sqlite).await;
    let running = Running::on(stage, quick(), |config| config.tls = tls()).await;
    let mut silent = running.client().connect().await;
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_none_is_refused_with_what_to_do() {
    let stage = Stage::new(Engine::Sqlite).await;
    let mut config = server::Config::new(Arc::new(|| 0), testkit::entropy::seeded(1));
    config.exercise = true;
    config.tls = Some(Tls { certificates_pem: CERTIFICATE.to_vec(), key_pem: b"nothing".to_vec() });
    let refused = server::prepare(config, stage.store.clone()).await.err();
    assert!(refused.expect("there is no key").to_string().contains("PEM private key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exercise_is_served_only_as_one() {
    let stage = Stage::new(Engine::Sqlite).await;
    let config = server::Config::new(Arc::new(|| 0), testkit::entropy::seeded(1));
    let refused = server::prepare(config, stage.store.clone()).await.err();
    assert!(refused.expect("it is an exercise").to_string().contains("--exercise"));
}

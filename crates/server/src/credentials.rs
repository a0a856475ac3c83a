//! Passwords, one-time codes and secrets. Hashing is slow on purpose: it runs apart from the requests, a few at a time.

use crate::{config::Limits, problem::Problem};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use axum::http::StatusCode;
use std::sync::Arc;
use store::writer::SharedEntropy;
use tokio::sync::Semaphore;
use totp_rs::{Builder, Secret, Totp};

/// Memory of one hash, KiB; above the 19 MiB that OWASP's password storage sheet asks at least.
const MEMORY_KIB: u32 = 64 << 10;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Shortest password, characters (NIST SP 800-63B-4: 15 alone, 8 with a second factor; [P] 12, with lockout).
pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longest password, characters.
pub const MAX_PASSWORD_CHARS: usize = 200;

fn argon2() -> Argon2<'static> {
    // The constants are within the bounds of the algorithm; were they not, its defaults would stand in.
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a password as text (argon2id, PHC form). `None` when the password is too short or too long.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Option<String> {
    if !(MIN_PASSWORD_CHARS..=MAX_PASSWORD_CHARS).contains(&password.chars().count()) {
        return None;
    }
    argon2().hash_password_with_salt(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

fn is_password(password: &str, hash: &str) -> bool {
    argon2().verify_password(password.as_bytes(), hash).is_ok()
}

/// Hashes and checks passwords, a bounded number at a time.
pub struct Hashing {
    running: Arc<Semaphore>,
    queued: Arc<Semaphore>,
    nobody: Arc<str>,
}

impl Hashing {
    /// With the bounds of `limits`.
    pub fn new(limits: &Limits, entropy: &SharedEntropy) -> Self {
        let mut secret = [0; 32];
        fill(entropy, &mut secret);
        // What an absent account is checked against, at the cost of a present one; nobody knows its password.
        let password = blake3::hash(&secret).to_hex();
        let nobody = hash_password(&password, [0; 16]).unwrap_or_default();
        Self {
            running: Arc::new(Semaphore::new(limits.password_hashes)),
            queued: Arc::new(Semaphore::new(limits.password_queue)),
            nobody: nobody.into(),
        }
    }

    /// Whether the password is the one of `hash`; without a hash the same work is done and the answer is no.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        let nobody = self.nobody.clone();
        // A longer one than any that could be set would cost more time than others.
        let fits = password.chars().count() <= MAX_PASSWORD_CHARS;
        self.apart(move || {
            let password = if fits { password.as_str() } else { "" };
            let known = hash.as_deref().filter(|hash| !hash.is_empty());
            let right = is_password(password, known.unwrap_or(&nobody));
            right && known.is_some() && fits
        })
        .await
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: String, entropy: &SharedEntropy) -> Result<String, Problem> {
        let mut salt = [0; 16];
        fill(entropy, &mut salt);
        let hash = self.apart(move || hash_password(&password, salt)).await?;
        hash.ok_or_else(|| Problem::at(StatusCode::UNPROCESSABLE_ENTITY, "weak_password", "/new_password"))
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::busy("busy");
        let _place = self.queued.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = self.running.clone().acquire_owned().await.map_err(|_| busy())?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect"))
    }
}

/// Fills from the shared source.
pub fn fill(entropy: &SharedEntropy, bytes: &mut [u8]) {
    // A poisoned lock means a panic elsewhere; the source itself is still sound.
    (entropy.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(bytes);
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(Secret::from(secret)).build().ok()
}

/// The step whose code this is (RFC 6238: 30 s, six digits, one step either way). The caller accepts a step once.
pub fn totp_step(secret: &[u8], code: &str, at: i64) -> Option<i64> {
    let seconds = u64::try_from(at / 1_000).ok()?;
    let code: String = code.chars().filter(|digit| !digit.is_whitespace()).collect();
    totp(secret)?.check(&code, seconds).and_then(|step| i64::try_from(step).ok())
}

/// The code of an instant, milliseconds UTC; for tests and for a command line that proves an enrolment.
pub fn totp_code(secret: &[u8], at: i64) -> Option<String> {
    let seconds = u64::try_from(at / 1_000).ok()?;
    Some(totp(secret)?.generate(seconds).to_string())
}

/// The secret as people type it into an authenticator.
pub fn totp_base32(secret: &[u8]) -> String {
    Secret::from(secret).to_base32()
}

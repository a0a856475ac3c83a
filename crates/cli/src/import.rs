use crate::place::Place;
#[derive(clap::Args)]
pub struct Arguments {}
pub async fn run(_: Place, _: Arguments) -> anyhow::Result<()> { anyhow::bail!("under construction") }

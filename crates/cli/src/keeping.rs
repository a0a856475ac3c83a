use crate::place::Place;
#[derive(clap::Args)]
pub struct Migrate {}
pub async fn migrate(_: Place, _: Migrate) -> anyhow::Result<()> { anyhow::bail!("under construction") }
#[derive(clap::Args)]
pub struct Verify {}
pub async fn verify(_: Place, _: Verify) -> anyhow::Result<()> { anyhow::bail!("under construction") }
#[derive(clap::Args)]
pub struct Backup {}
pub async fn backup(_: Place, _: Backup) -> anyhow::Result<()> { anyhow::bail!("under construction") }
#[derive(clap::Args)]
pub struct Restore {}
pub async fn restore(_: Place, _: Restore) -> anyhow::Result<()> { anyhow::bail!("under construction") }
#[derive(clap::Args)]
pub struct Doctor {}
pub async fn doctor(_: Place, _: Doctor) -> anyhow::Result<()> { anyhow::bail!("under construction") }
#[derive(clap::Args)]
pub struct Erase {}
pub async fn erase(_: Place, _: Erase) -> anyhow::Result<()> { anyhow::bail!("under construction") }

//! Writes the generated line list: `write_linelist ROWS OUT.csv`. Prints what was written as JSON.

use jiff::civil::date;
use std::io::BufWriter;
use twin::{LineList, LineListSpec, Spec, World};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(rows), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("write: write_linelist ROWS OUT.csv".into());
    };
    let world = World::generate(Spec::new(20_000, 3, date(2022, 3, 13)))?;
    let list = LineList::new(&world, LineListSpec::new(rows.parse()?, date(2022, 3, 27), 20_000))?;
    let accounting = list.write(BufWriter::new(std::fs::File::create(out)?))?;
    println!("{}", serde_json::to_string(&accounting)?);
    Ok(())
}

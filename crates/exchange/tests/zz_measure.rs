use exchange::*;
use std::time::Instant;
fn rss() -> u64 { std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()/1024 }
#[test]
#[ignore]
fn csv_million() {
    let path = std::env::temp_dir().join("ex_million.csv");
    if !path.exists() {
        use std::io::Write;
        let mut f = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        let cols: Vec<String> = ["id","name","sex","born","age","phone","onset","reported","addr","lat"].iter().map(|s| s.to_string()).chain((0..20).map(|n| format!("c{n}"))).collect();
        writeln!(f, "{}", cols.join(",")).unwrap();
        for i in 0..1_000_000u64 {
            write!(f, "SH{i:08},王小明{},{},19{:02}-03-0{},{},138{i:08},2022-04-{:02},2022-04-{:02},徐汇区某某路{i}号3号楼{}室,31.{i:06}", i%97, if i%2==0 {"男"} else {"女"}, i%90+10, i%9+1, i%90, i%30+1, i%30+1, i%1000).unwrap();
            for n in 0..20 { write!(f, ",v{}", (i*7+n)%100).unwrap(); }
            writeln!(f).unwrap();
        }
    }
    let mut map = String::from("as = \"linelist\"\n");
    for (t,c) in [("case.external_id","id"),("person.full_name","name"),("person.birth_date","born"),("person.age_years","age"),("person.phone","phone"),("case.onset","onset"),("case.reported","reported"),("person.address.text","addr"),("person.address.latitude","lat"),("person.occupation","c0"),("person.language","c1"),("case.hospital","c2"),("case.note","c3"),("sample.number","c4"),("sample.material","c5"),("sample.test","c6")] {
        map += &format!("[[field]]\nto=\"{t}\"\ncolumn=\"{c}\"\n");
    }
    map += "[[field]]\nto=\"person.sex\"\ncolumn=\"sex\"\nvalues={\"男\"=\"male\",\"女\"=\"female\"}\n";
    let m = Mapping::parse(&map).unwrap();
    println!("size {} MB rss0 {}", std::fs::metadata(&path).unwrap().len()>>20, rss());
    let t = Instant::now();
    let mut s = open_path(&path, &m, &Limits::default()).unwrap();
    println!("open (survey) {:?} rows {:?}", t.elapsed(), s.expected_rows());
    let t = Instant::now();
    let mut n = 0;
    loop { let b = s.next_batch(1000).unwrap(); if b.is_empty() {break;} n += b.len(); assert!(b.iter().all(|o| o.records.is_ok())); }
    println!("mapped {n} in {:?} = {:.0}/s rss {}", t.elapsed(), n as f64/t.elapsed().as_secs_f64(), rss());
}
#[test]
#[ignore]
fn xlsx_100k() {
    use exchange::write::*; use exchange::source::Format;
    let columns: Vec<String> = (0..30).map(|n| format!("column {n}")).collect();
    let t = Instant::now();
    let mut w = Writer::create(Format::Xlsx, Vec::new(), &columns, &WriteOptions::default()).unwrap();
    for row in 0..100_000 { let cells: Vec<String> = (0..30).map(|c| format!("王小明 {row}-{c}")).collect(); w.row(&cells).unwrap(); }
    let bytes = w.finish().unwrap();
    println!("write {:?} {} MB rss {}", t.elapsed(), bytes.len()>>20, rss());
    let t = Instant::now();
    let mut s = exchange::source::Source::open(Box::new(std::io::Cursor::new(bytes)), &Default::default(), &Limits::default()).unwrap();
    println!("open {:?} rss {}", t.elapsed(), rss());
    let mut row = Default::default(); let mut n=0;
    while s.read(&mut row).unwrap() { n+=1; }
    println!("read {n} {:?} rss {}", t.elapsed(), rss());
}
#[test]
#[ignore]
fn xlsx_shared() {
    let mut wb = rust_xlsxwriter::Workbook::new(); let ws = wb.add_worksheet();
    for row in 0..100_000u32 { for c in 0..30u16 { if c < 9 { ws.write_string(row, c, format!("王小明 {row}-{c}")).unwrap(); } else { ws.write_string(row, c, format!("v{}", row%50)).unwrap(); } } }
    let bytes = wb.save_to_buffer().unwrap(); drop(wb);
    let before = rss();
    let t = Instant::now();
    let mut s = exchange::source::Source::open(Box::new(std::io::Cursor::new(bytes)), &Default::default(), &Limits::default()).unwrap();
    println!("open {:?} rss {} -> {}", t.elapsed(), before, rss());
    let mut row = Default::default(); let mut n=0;
    while s.read(&mut row).unwrap() { n+=1; }
    println!("read {n} {:?} rss {}", t.elapsed(), rss());
}

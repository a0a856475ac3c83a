//! A mapping that names the wrong code page must not turn one name into another, nor lose what stands in the file.

use exchange::{FileRefusal, Limits, Mapping, RowStream, open};
use std::io::Cursor;

fn people(head: &str) -> Mapping {
    let text = format!(
        "as = \"people\"\n{head}\n[[field]]\nto = \"person.external_id\"\ncolumn = \"id\"\n[[field]]\nto = \"person.full_name\"\ncolumn = \"name\"\n"
    );
    Mapping::parse(&text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn start(bytes: impl Into<Vec<u8>>, encoding: &str) -> Result<RowStream, FileRefusal> {
    let mapping = people(&format!("encoding = \"{encoding}\""));
    open(Box::new(Cursor::new(bytes.into())), &mapping, &Limits::default())
}

fn refused(bytes: impl Into<Vec<u8>>, encoding: &str) -> FileRefusal {
    match start(bytes, encoding) {
        Err(refusal) => refusal,
        Ok(mut stream) => panic!("read: {:?}", stream.next_batch(9)),
    }
}

fn names(bytes: impl Into<Vec<u8>>, encoding: &str) -> (Vec<String>, String) {
    let mut stream = start(bytes, encoding).unwrap();
    let warnings = stream.warnings().collect::<Vec<_>>().join(" ");
    (stream.next_batch(1_000).unwrap().iter().map(|outcome| outcome.row.cell(1).to_owned()).collect(), warnings)
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn utf_8_called_gb18030_is_refused_before_its_first_row() {
    // Two letters of UTF-8 are three of GB18030, each of them valid: nothing but the look of the names would tell.
    let one_name = "id,name\n1,Ada\n2,小明\n";
    let far_down = format!("id,name\n{}9,小明\n", "1,Ada\n".repeat(20_000));
    let damaged = [one_name.repeat(20).as_bytes(), b"3,\xFF\n"].concat();
    let header = "id,name,备注\n1,Ada,\n";
    let latin = "id,name\n1,José Núñez\n2,Müller Ødegård\n";
    // An odd number of letters does not decode: then a single one is sure.
    let odd = "id,name\n1,王\n";
    for (text, place) in [
        (one_name.as_bytes().to_vec(), "row 3"),
        (far_down.into_bytes(), "row 20002"),
        (damaged, "row 3"),
        (header.into(), "header"),
        (latin.into(), "row 2"),
        (odd.into(), "row 2"),
        ("[{\"id\":1,\"name\":\"Ada\"},{\"id\":2,\"name\":\"小明\"}]".into(), "record 2"),
        ("{\"id\":1,\"name\":\"王\"}\n{\"id\":2}\n".into(), "record 1"),
    ] {
        for encoding in ["gb18030", "gbk"] {
            let refusal = refused(text.clone(), encoding);
            assert_eq!((refusal.rule, refusal.place.as_str()), ("file.encoding", place));
            assert_eq!(refusal.remedy, "The file is UTF-8: write encoding = \"utf-8\" in the mapping.");
        }
    }
}

#[test]
fn gb18030_is_not_taken_for_utf_8() {
    // 女 is two bytes that UTF-8 has too: a ward of women with names in Latin letters is no sign of UTF-8.
    let women: String = (0..500).map(|n| format!("{n},Li Na 女\n")).collect();
    let (read, warnings) = names(gb18030(&format!("id,name\n{women}")), "gb18030");
    assert!(read.len() == 500 && read.iter().all(|name| name == "Li Na 女"), "{read:?}");
    assert!(warnings.contains("may as well be UTF-8"), "nobody can tell, so it is said: {warnings}");
    let (read, warnings) = names(gb18030("id,name\n1,王小明\n2,李喆\n3,\u{20BB7}野\n"), "gb18030");
    assert_eq!((read.join(" ").as_str(), warnings.as_str()), ("王小明 李喆 \u{20BB7}野", ""));
    let (read, _) = names(gb18030("[{\"id\":1,\"name\":\"李喆\"}]"), "gb18030");
    assert_eq!(read, ["李喆"]);
}

#[test]
fn the_mark_of_utf_8_decides_and_is_told() {
    for text in ["id,name\n1,王小明\n", "[{\"id\":\"1\",\"name\":\"王小明\"}]"] {
        let (read, warnings) = names([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "gb18030");
        assert_eq!(read, ["王小明"]);
        assert!(warnings.contains("mark of UTF-8") && warnings.contains("encoding = \"utf-8\""), "{warnings}");
    }
}

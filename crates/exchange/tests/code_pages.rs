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

#[test]
fn gb18030_called_utf_8_is_refused_before_its_first_row() {
    let mixed = format!("id,name\n{}4,王小明\n5,李喆\n", "1,Ada\n".repeat(3));
    let header = "id,name,备注\n1,Ada,\n";
    for (text, place) in
        [(mixed.as_str(), "row 5"), (header, "header"), ("[{\"id\":1,\"name\":\"李雷\"}]", "record 1")]
    {
        let refusal = refused(gb18030(text), "utf-8");
        assert_eq!((refusal.rule, refusal.place.as_str()), ("file.encoding", place));
        assert_eq!(refusal.remedy, "The file is GB18030: write encoding = \"gb18030\" in the mapping.");
        assert!(start(gb18030(text), "gb18030").is_ok());
    }
    // What the mapping leaves open is found out, and told.
    let (read, warnings) = names(gb18030(header), "auto");
    assert!(read == ["Ada"] && warnings.contains("read as GB18030"), "{warnings}");
}

/// Latin letters of other code pages are GB18030 as well, letters that nobody uses: no advice to read them so.
#[test]
fn other_code_pages_are_not_called_gb18030() {
    for encoding in ["utf-8", "auto"] {
        let mut stream = start(b"id,name\n1,M\xFCller\n2,Ren\xE9e\n3,Ada\n", encoding).unwrap();
        let read = stream.next_batch(9).unwrap();
        let reasons: Vec<&str> =
            read.iter().map(|outcome| outcome.records.as_ref().map_or_else(|e| e[0].rule, |_| "")).collect();
        assert_eq!(reasons, ["row.encoding", "row.encoding", ""]);
        assert!(!read[0].records.as_ref().unwrap_err()[0].remedy.contains("GB18030"));
    }
    assert!(refused(b"[{\"id\":1,\"name\":\"M\xFCller\"}]", "auto").reason.contains("not GB18030 either"));
}

fn errors_file(bytes: &[u8], encoding: &str) -> (String, String) {
    let mut stream = start(bytes, encoding).unwrap();
    let mut file = exchange::ErrorsFile::create(Vec::new(), stream.columns()).unwrap();
    let mut remedies = String::new();
    for outcome in stream.next_batch(10_000).unwrap() {
        if let Err(errors) = &outcome.records {
            remedies.push_str(&errors[0].remedy);
            file.refuse(&outcome.row, errors).unwrap();
        }
    }
    (String::from_utf8(file.finish().unwrap()).unwrap(), remedies)
}

#[test]
fn the_errors_file_keeps_every_byte_that_is_not_of_the_code_page() {
    let rows = "1,王小明\n2,李雷\n3,韩梅梅\n";
    let pasted =
        [b"id,name,note\n".as_slice(), rows.replace('\n', ",\n").as_bytes(), &gb18030("4,张伟,友\n")].concat();
    let damaged = [&gb18030(&format!("id,name\n{rows}5,")), b"\x81\xFFa\x84\n".as_slice()].concat();
    // The 32,768th byte begins a letter, and the next, in another chunk, does not end it.
    let across = [b"id,name\n".as_slice(), &b"1,abc\n".repeat(5_459), b"6,abc\x81\xFF\n"].concat();
    let surrogate: Vec<u8> = [0xFEFF_u16, 0x69, 0x64, 0x2C, 0x6E, 0x61, 0x6D, 0x65, 0x0A, 0x37, 0x2C, 0xD800, 0x61]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, encoding, line) in [
        (pasted, "utf-8", "\n4,\u{FFFD}D5\u{FFFD}C5\u{FFFD}CE\u{FFFD}B0,\u{FFFD}D3\u{FFFD}D1,5,"),
        (damaged, "gb18030", "\n5,\u{FFFD}81\u{FFFD}FFa\u{FFFD}84,5,"),
        (across, "gb18030", "\n6,abc\u{FFFD}81\u{FFFD}FF,"),
        (surrogate, "auto", "\n7,\u{FFFD}00\u{FFFD}D8a,2,"),
    ] {
        let (file, remedies) = errors_file(&bytes, encoding);
        assert!(file.contains(line), "{line:?}: {file}");
        assert!(remedies.contains("two hexadecimal digits"), "{remedies}");
        assert_eq!(remedies.contains("put together of two files"), encoding == "utf-8");
        // Imported again as it is, the row is refused again.
        assert_eq!(errors_file(file.as_bytes(), encoding).0.lines().count(), file.lines().count());
    }
}

#[test]
fn a_record_whose_bytes_are_no_letters_is_refused() {
    let bytes = [&gb18030("[{\"id\":1,\"name\":\"李雷"), b"\xFF\"}]".as_slice()].concat();
    let mut stream = start(bytes, "gb18030").unwrap();
    let read = stream.next_batch(9).unwrap();
    assert_eq!(read[0].records.as_ref().unwrap_err()[0].rule, "row.encoding");
    assert_eq!(read[0].row.cell(1), "李雷\u{FFFD}FF");
}

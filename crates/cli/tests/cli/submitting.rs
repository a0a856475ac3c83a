//! `submit`: commands from a file through the one door.

use crate::importing::{AREA, Desk};
use domain::access::Denial;

#[test]
fn a_file_of_commands_is_done_once_and_what_cannot_be_done_is_said() {
    let desk = Desk::new("cn-covid-8", "Asia/Shanghai");
    let id = "01a20dfc-0000-7000-8000-00000000000a";
    let register = format!(
        r#"[{{"person": {{"register": {{"id": "{id}", "jurisdiction": "{}", "fields": {{"full_name": "王一"}}}}}}}}]"#,
        AREA.0
    );
    desk.write("register.json", &register);
    for _ in 0..2 {
        let output = desk.run(&["submit", "register.json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(desk.count("person"), 1, "the same file again is the same commands");
    desk.write("end.json", r#"{"person": {"regster": {}}}"#);
    let output = desk.run(&["submit", "end.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("command 1 cannot be read"));
    // An array is no object: refused here as over HTTP.
    let listed =
        format!(r#"{{"person": {{"correct": ["{id}", {{"full_name": {{"seen": "王一", "to": "王二"}}}}]}}}}"#);
    desk.write("listed.json", &listed);
    let output = desk.run(&["submit", "listed.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("command 1 cannot be read: invalid type: sequence"),
        "{output:?}"
    );
    let approve = r#"{"jurisdiction": {"define": {"id": "01a20dfc-0000-7000-8000-00000000000b", "hierarchy": "administrative",
        "level": "street", "parent": null, "fields": {"code": "350503001"}}}}"#;
    desk.write("area.json", approve);
    let output = desk.run(&["submit", "area.json"]);
    assert_eq!(output.status.code(), Some(1), "an epidemiologist defines no areas");
    let said = String::from_utf8_lossy(&output.stderr);
    let role = Denial::Role;
    assert!(said.contains(&format!("command 1: refused: {} ({role})", role.reason().en)), "{said}");
    assert!(said.contains(role.remedy().en), "{said}");
    desk.verified();
}

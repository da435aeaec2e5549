//! Documents that must not fall behind the code.

use vision_platform::config::KEYS;

#[test]
fn every_configuration_key_is_in_the_operations_manual() {
    let manual = include_str!("../../../docs/operations.md");
    for (key, default, _) in KEYS {
        let row = manual.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/operations.md has no row for `{key}`"));
        assert!(default.is_empty() || *key == "secret_keys" || row.contains(&format!("`{default}`")), "{key}: the default is {default}");
    }
}

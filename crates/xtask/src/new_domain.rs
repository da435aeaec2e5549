//! The skeleton of a domain: the folder that every other domain has too, its migration, a failing test and the screen.
//!
//! Nothing that exists is touched: the lines that wire the domain are printed, because where they go is a decision.

use crate::run::{Done, capture_text, command, say};
use crate::workspace::{root, shown, write as write_file};
use std::path::PathBuf;

/// The files of the domain's folder in its crate.
const DOMAIN: [(&str, &str); 6] = [
    ("mod.rs", include_str!("../templates/domain/mod.rs.txt")),
    ("model.rs", include_str!("../templates/domain/model.rs.txt")),
    ("store.rs", include_str!("../templates/domain/store.rs.txt")),
    ("ops.rs", include_str!("../templates/domain/ops.rs.txt")),
    ("events.rs", include_str!("../templates/domain/events.rs.txt")),
    ("http.rs", include_str!("../templates/domain/http.rs.txt")),
];
const MIGRATION: &str = include_str!("../templates/domain/migration.sql.txt");
/// The files of the feature's folder in the web app.
const WEB: [(&str, &str); 5] = [
    ("fr.ts", include_str!("../templates/web/fr.ts.txt")),
    ("en.ts", include_str!("../templates/web/en.ts.txt")),
    ("text.ts", include_str!("../templates/web/text.ts.txt")),
    ("queries.ts", include_str!("../templates/web/queries.ts.txt")),
    ("page.tsx", include_str!("../templates/web/page.tsx.txt")),
];

/// Writes the domain `names` (plural, snake_case) into a crate and says what is left to do.
pub(crate) fn write(krate: &str, names: &str) -> Done {
    let forms = Forms::new(krate, names)?;
    let source = root().join("crates").join(krate).join("src");
    if !source.join("lib.rs").is_file() {
        return Err(format!("crates/{krate} is no context crate"));
    }
    let stamp = capture_text(&mut command(&root(), "date", &["-u", "+%Y%m%d%H%M%S"]))?;
    let folder = source.join(names);
    let feature = root().join("web/app/src/features").join(&forms.path);
    let mut files: Vec<(PathBuf, String)> = DOMAIN.iter().map(|(name, text)| (folder.join(name), forms.fill(text))).collect();
    files.push((root().join("migrations").join(format!("{}_{names}.sql", stamp.trim())), forms.fill(MIGRATION)));
    files.extend(WEB.iter().map(|(name, text)| (feature.join(name), forms.fill(text))));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(format!("{} exists already", shown(path)));
    }
    for (path, text) in &files {
        write_file(path, text)?;
        say(&format!("wrote {}", shown(path)));
    }
    say(&forms.fill(NEXT));
    Ok(())
}

/// What a person decides. In this order, everything compiles after step 4.
const NEXT: &str = "
Next:
 1. crates/__crate__/src/lib.rs                `pub mod __names__;` and `.merge(__names__::routes())`
 2. crates/kernel/src/permission.rs      __Names__Read = \"__names__.read\" / \"__crate__\", __Names__Write = \"__names__.write\" / \"__crate__\",
                                         and which of BUILTIN_ROLES hold them
 3. crates/platform/src/auth.rs          __Names__Read => Some(Permission::__Names__Read), and Write alike
 4. cargo fmt -p vision-__crate__; cargo check -p vision-__crate__
 5. make openapi                         writes the document and the web types
 6. web/app/src/app/router.tsx           a route `/__path__` to features/__path__/page (`__Names__`)
    web/app/src/features/settings        the permissions' names, French and English
    web/app/src/api                      the domain's events for live updates, if a list shows it
 7. cargo nextest run -p vision-__crate__ __names__   one test fails: make it say your first rule
 8. docs/api-design.md, docs/glossary.md, CHANGELOG.md
";

/// The spellings of a domain's name.
struct Forms {
    krate: String,
    names: String,
    name: String,
    path: String,
}

impl Forms {
    fn new(krate: &str, names: &str) -> Result<Self, String> {
        let snake = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_lowercase())
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let name = match names.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => names.strip_suffix('s').unwrap_or_default().to_owned(),
        };
        if !snake(krate) || !snake(names) || name.is_empty() {
            return Err(format!("`{names}` must be a plural noun in snake_case, such as loyalty_cards"));
        }
        Ok(Self { krate: krate.to_owned(), names: names.to_owned(), name, path: names.replace('_', "-") })
    }

    fn fill(&self, template: &str) -> String {
        let camel = |text: &str| {
            let pascal = pascal(text);
            let mut letters = pascal.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        };
        template
            .replace("__crate__", &self.krate)
            .replace("__Names__", &pascal(&self.names))
            .replace("__Name__", &pascal(&self.name))
            .replace("__names__", &self.names)
            .replace("__name__", &self.name)
            .replace("__path__", &self.path)
            .replace("__camel__", &camel(&self.names))
            .replace("__texts__", &self.names.replace('_', " "))
            .replace("__text__", &self.name.replace('_', " "))
    }
}

fn pascal(snake: &str) -> String {
    let parts = snake.split('_').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>())
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plural_noun_gives_every_spelling() {
        let forms = Forms::new("crm", "loyalty_cards").expect("valid");
        assert_eq!(
            forms.fill("__Name__ __names__ list___names__ /__path__ __camel__Query __text__"),
            "LoyaltyCard loyalty_cards list_loyalty_cards /loyalty-cards loyaltyCardsQuery loyalty card"
        );
        assert_eq!(Forms::new("crm", "companies").expect("valid").name, "company");
        for wrong in ["Cards", "card", "s", "../cards", ""] {
            assert!(Forms::new("crm", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        let forms = Forms::new("crm", "loyalty_cards").expect("valid");
        for text in DOMAIN.iter().chain(&WEB).map(|(_, text)| *text).chain([MIGRATION, NEXT]) {
            assert!(!forms.fill(text).contains("__"));
        }
    }
}

//! Documents to look at, written to `target/specimens`, and what must hold of any PDF.

use super::golden::{line, sums, text, vat};
use super::golden_cases::cases;
use super::{Acceptance, Address, Commercial, DocumentKind, Line, Totals, pdf};
use jiff::civil::date;
use rust_decimal::Decimal;

fn at() -> jiff::Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

fn named(name: &str) -> Commercial {
    cases().into_iter().find(|case| case.name == name).expect("a case").doc
}

const WORKS: [(&str, &str); 6] = [
    (
        "Révision constructeur 60 000 km",
        "Vidange, filtres à huile, à air et d’habitacle, contrôle des niveaux et des 32 points de sécurité.",
    ),
    ("Plaquettes de frein avant", ""),
    ("Main-d’œuvre mécanique T2", "Dépose et repose du train avant.\nEssai sur route de 12 km."),
    ("Pneu Michelin Primacy 4+ 205/55 R16 91V", "Montage, équilibrage, valve et reprise de l’ancien pneu compris."),
    ("Liquide de refroidissement", ""),
    ("Géométrie des deux trains", "Rapport de mesure remis au client."),
];

/// An invoice of many lines.
fn long(number: &str, count: u32, sections: bool) -> Commercial {
    let mut doc = named("taux-normal");
    doc.number = Some(text(number));
    doc.title = text("Remise en état du Renault Master AB-123-CD");
    doc.lines = (1..=count)
        .map(|id| {
            let (label, description) = WORKS[usize::try_from(id % 6).expect("small")];
            Line {
                description: text(description),
                reference: if id % 4 == 0 { format!("REF-{id:04}") } else { String::new() },
                section: (sections && id % 4 == 1)
                    .then(|| text(["Carrosserie", "Mécanique", "Pneumatiques"][usize::try_from(id / 4 % 3).expect("small")])),
                unit_label: text(if id % 6 == 2 { "h" } else { "" }),
                ..line(id, label, dec!(2), dec!(1234.5), 246_900, "S", dec!(20))
            }
        })
        .collect();
    let net = 246_900 * i64::from(count);
    doc.vat = vec![vat("S", dec!(20), net, net / 5)];
    doc.totals = sums(net, net / 5);
    doc
}

fn quote() -> Commercial {
    let mut doc = long("DE-2026-00042", 7, true);
    doc.kind = DocumentKind::Quote;
    doc.type_code.clear();
    doc.due_date = None;
    doc.supply_date = None;
    doc.valid_until = Some(date(2026, 12, 22));
    doc.intro = text("Bonjour,\n\nSuite à votre visite du 18 novembre, voici notre proposition pour la remise en état de votre véhicule.");
    doc.outro = text("Délai d’exécution : 5 jours ouvrés après accord. Devis gratuit.");
    doc.lines[5].optional = true;
    doc.lines[6].refused = true;
    let net = 246_900 * 5;
    doc.vat = vec![vat("S", dec!(20), net, net / 5)];
    doc.totals = sums(net, net / 5);
    doc.mentions = vec![text("Taux horaire de main-d’œuvre : 62,50 € HT. Frais de déplacement : néant.")];
    doc.payment = super::Payment { terms: text("30 % à la commande, solde à la livraison"), ..super::Payment::default() };
    doc
}

/// A PNG of one colour with a lighter band, written without compression.
fn logo() -> Vec<u8> {
    let (width, height) = (120_u32, 40_u32);
    let mut raw = Vec::new();
    for y in 0..height {
        raw.push(0);
        for x in 0..width {
            raw.extend_from_slice(if (x / 10 + y / 10) % 3 == 0 { &[0x0f, 0x76, 0x6e] } else { &[0x5e, 0xea, 0xd4] });
        }
    }
    let crc = |bytes: &[u8]| {
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
        })
    };
    let (a, b) = raw.iter().fold((1_u32, 0_u32), |(a, b), byte| ((a + u32::from(*byte)) % 65_521, (a + u32::from(*byte) + b) % 65_521));
    let length = u16::try_from(raw.len()).expect("one block");
    let mut data = vec![0x78, 0x01, 1];
    data.extend_from_slice(&length.to_le_bytes());
    data.extend_from_slice(&(!length).to_le_bytes());
    data.extend_from_slice(&raw);
    data.extend_from_slice(&(b << 16 | a).to_be_bytes());
    let mut head = Vec::new();
    head.extend_from_slice(&width.to_be_bytes());
    head.extend_from_slice(&height.to_be_bytes());
    head.extend_from_slice(&[8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", head), (b"IDAT", data), (b"IEND", Vec::new())] {
        let chunk = [name.as_slice(), &content].concat();
        png.extend_from_slice(&u32::try_from(content.len()).expect("small").to_be_bytes());
        png.extend_from_slice(&chunk);
        png.extend_from_slice(&crc(&chunk).to_be_bytes());
    }
    png
}

fn specimens() -> Vec<(&'static str, Commercial)> {
    let brand = |mut doc: Commercial, accent: &str| {
        doc.brand.accent = text(accent);
        doc
    };
    let accepted = {
        let mut doc = quote();
        doc.acceptance = Some(Acceptance {
            name: text("Camille Martin"),
            at: text("23/11/2026 à 14:05"),
            method: text("Code reçu par e-mail à c.martin@exemple.fr"),
            mention: text("Bon pour accord"),
            refused: vec![text("Révision constructeur 60 000 km")],
        });
        doc
    };
    let ugly = {
        let mut doc = long("FA-2026-00098", 3, false);
        doc.lines[0].label = "Unbreakable".repeat(30);
        doc.lines[0].description = format!("{}\n😀 مرحبا 漢字 \u{e000} fin", "Une phrase très longue qui ne finit pas. ".repeat(40));
        doc.lines[1].label = text("#panic(\"balisage\") *gras* $x$ \\ ` @ressource <label>");
        doc.lines[2].quantity = dec!(123456789.1234);
        doc.lines[2].unit_price = dec!(99999.123456);
        doc.lines[2].unit_label = text("kilogrammes");
        doc.lines[2].net = 1_234_567_890_123;
        doc.buyer.name =
            text("Société à responsabilité limitée des établissements Delacroix-Vandenberghe et compagnie, succursale de Bourg-en-Bresse");
        doc.seller.extra_lines = vec![text("x"), "w".repeat(120)];
        doc
    };
    let draft = Commercial { number: None, ..long("", 12, false) };
    let simulation = Commercial { simulation: true, ..named("comptant-particulier") };
    let copy = Commercial {
        duplicate: Some(2),
        deliver_to: Some(Address {
            line1: text("Dépôt, 9 chemin Vert"),
            postal_code: text("73100"),
            city: text("Aix-les-Bains"),
            ..Address::default()
        }),
        ..long("FA-2026-00097", 12, false)
    };
    let english = Commercial { lang: text("en"), ..named("solde-deux-acomptes") };
    let ttc = {
        let mut doc = named("ttc-menu");
        doc.kind = DocumentKind::Invoice;
        doc.allowances =
            vec![super::Allowance {
                reason: text("Fidélité"), amount: 100, gross: Some(110), vat_category: text("S"), vat_rate: dec!(10)
            }];
        doc.totals = Totals { lines: 2_682, allowances: 100, net: 2_582, vat: 308, gross: 2_890, due: 2_890, ..Totals::default() };
        doc.vat[0] = vat("S", dec!(10), 2_082, 208);
        doc
    };
    vec![
        ("une-ligne", named("taux-normal")),
        ("douze-lignes", brand(long("FA-2026-00099", 12, true), "#0f766e")),
        ("deux-cents-lignes", long("FA-2026-00100", 200, true)),
        ("devis", brand(quote(), "#b45309")),
        ("devis-accepte", brand(accepted, "#f5c400")),
        ("avoir", named("avoir-total")),
        ("franchise", named("franchise")),
        ("marge", named("marge")),
        ("ttc", brand(ttc, "#9d174d")),
        ("longs-textes", ugly),
        ("brouillon", draft),
        ("simulation", simulation),
        ("duplicata", copy),
        ("anglais", english),
        ("remises", named("remise-deux-niveaux")),
        ("devise", named("devise")),
        ("sejour", named("taxe-de-sejour")),
        ("logo", {
            let mut doc = brand(long("FA-2026-00101", 5, false), "#0f766e");
            doc.brand.logo = Some(logo());
            doc.seller.trade_name = text("Dupré Auto");
            doc
        }),
    ]
}

#[test]
fn specimens_are_laid_out() {
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/specimens");
    std::fs::create_dir_all(&target).expect("folder");
    for (name, doc) in specimens() {
        let made = pdf(&doc, name, at(), None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(made.starts_with(b"%PDF-1.7"), "{name}");
        std::fs::write(target.join(format!("{name}.pdf")), &made).expect("written");
    }
}

#[test]
fn a_logo_that_is_none_is_said() {
    let mut doc = named("taux-normal");
    doc.brand.logo = Some(b"GIF?".to_vec());
    let error = pdf(&doc, "a", at(), None).expect_err("no logo");
    assert!(error.to_string().contains("image"), "{error}");
}

/// PDF/A refuses letters that no font has, and others besides: whatever people write, an invoice is issued.
#[test]
fn any_letters_can_be_printed() {
    let all: Vec<char> = (1..0x2_0000).filter_map(char::from_u32).collect();
    let mut doc = named("taux-normal");
    let model = doc.lines[0].clone();
    let kept = |part: &[char]| crate::layout::printable(&part.iter().collect::<String>()).chars().any(|c| c != '□' && c != ' ');
    let parts = all.chunks(256).filter(|part| kept(part));
    doc.lines =
        parts.zip(1_u32..).map(|(part, id)| Line { id: id.to_string(), description: part.iter().collect(), ..model.clone() }).collect();
    assert!(doc.lines.len() > 20);
    pdf(&doc, "a", at(), None).expect("made");
}

#[test]
fn the_same_values_give_the_same_bytes_and_others_do_not() {
    let doc = quote();
    let made = |doc: &Commercial, ident: &str| pdf(doc, ident, at(), None).expect("made");
    assert_eq!(made(&doc, "a"), made(&doc, "a"));
    assert_ne!(made(&doc, "a"), made(&doc, "b"));
    // Others that are made at the same time leave no trace.
    let alone = made(&doc, "a");
    std::thread::scope(|scope| {
        let both: Vec<_> = (0..4)
            .map(|turn| {
                let other = Commercial { duplicate: Some(turn), ..doc.clone() };
                let doc = &doc;
                scope.spawn(move || (made(&other, "b"), made(doc, "a")).1)
            })
            .collect();
        for made in both {
            assert_eq!(made.join().expect("made"), alone);
        }
    });
    assert_ne!(made(&doc, "a"), made(&Commercial { duplicate: Some(1), ..doc.clone() }, "a"));
}

#[test]
fn values_come_back_whole_from_json() {
    for (name, doc) in specimens() {
        let text = serde_json::to_string(&doc).expect("written");
        assert_eq!(serde_json::from_str::<Commercial>(&text).expect("read"), doc, "{name}");
    }
}

/// What a render costs, in time on the processor: `cargo test --release -p vision-documents -- --ignored --nocapture cost`.
#[test]
#[ignore = "a measurement: it prints and asserts nothing"]
fn what_a_document_costs() {
    let used = || {
        let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
        let fields: Vec<i64> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // utime and stime in hundredths of a second: fields 14 and 15, and the state is no number.
        10 * (fields[10] + fields[11])
    };
    let rounds = 100;
    for count in [1, 3, 10, 100, 200] {
        let mut docs: Vec<Commercial> = (0..rounds).map(|round| long(&format!("FA-2026-{round:05}"), count, false)).collect();
        docs.iter_mut().zip(0_i64..).for_each(|(doc, round)| doc.lines[0].label = format!("Révision {round}"));
        let began = used();
        let mut bytes = 0;
        for doc in &docs {
            bytes = super::hybrid(doc, "a", at()).expect("made").pdf.len();
        }
        let xml_began = used();
        for doc in &docs {
            drop(super::facturx(doc).expect("made"));
        }
        let xml = used() - xml_began;
        #[expect(clippy::print_stderr, reason = "the figures are the result")]
        {
            eprintln!(
                "{count:>4} lines: {:.2} ms with the XML, which takes {:.2} ms; {bytes} bytes",
                ms(xml_began - began, rounds),
                ms(xml, rounds)
            );
        }
    }
}

fn ms(total: i64, rounds: u32) -> Decimal {
    Decimal::from(total) / Decimal::from(rounds)
}

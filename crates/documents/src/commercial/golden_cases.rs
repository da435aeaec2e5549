//! The golden cases one by one. Every sum is a literal that was worked out by hand; the comments say how, where it is not plain.

use super::golden::{Case, DAY, company, exempt, garage, invoice, line, notes, sums, text, vat};
use super::{Address, Allowance, Commercial, DocumentKind, Line, Party, Preceding, Totals, VatSubtotal};
use jiff::civil::date;
use rust_decimal::Decimal;

/// What consumers and those abroad have no use for.
const NO_NOTES: &[&str] = &["BR-FR-05_BT-22_PMT", "BR-FR-05_BT-22_PMD", "BR-FR-05_BT-22_AAB", "BR-FR-12_BT-49"];
const NO_ADDRESS: &[&str] = &["BR-FR-12_BT-49"];

fn case(name: &'static str, doc: Commercial) -> Case {
    Case { name, doc, spared: &[] }
}

/// One line at one rate.
fn simple(number: &str, label: &str, net: i64, rate: Decimal, tax: i64) -> Commercial {
    invoice(number, vec![line(1, label, dec!(1), Decimal::new(net, 2), net, "S", rate)], vec![vat("S", rate, net, tax)], sums(net, tax))
}

/// One line on which no VAT is charged.
fn untaxed(number: &str, label: &str, net: i64, category: &str, code: &str, reason: &str) -> Commercial {
    let mut doc = invoice(
        number,
        vec![line(1, label, dec!(1), Decimal::new(net, 2), net, category, Decimal::ZERO)],
        vec![exempt(category, net, code, reason)],
        sums(net, 0),
    );
    doc.mentions.push(text(reason));
    doc
}

fn earlier(number: &str, month: i8, kind: &str, net: i64, rate: Decimal, tax: i64) -> Preceding {
    Preceding {
        number: text(number),
        date: date(2026, month, 5),
        type_code: text(kind),
        net,
        vat: vec![vat("S", rate, net, tax)],
        gross: net + tax,
    }
}

fn credit(mut doc: Commercial, kind: &str, of: Preceding) -> Commercial {
    doc.kind = DocumentKind::CreditNote;
    doc.type_code = text(kind);
    doc.preceding = vec![of];
    doc.due_date = None;
    doc.payment.terms = text("Remboursement par virement sous 8 jours");
    doc
}

fn abroad(name: &str, line1: &str, postal_code: &str, city: &str, country: &str, vat_number: &str) -> Party {
    Party {
        name: text(name),
        vat_number: text(vat_number),
        address: Address {
            line1: text(line1),
            postal_code: text(postal_code),
            city: text(city),
            country: text(country),
            ..Address::default()
        },
        ..Party::default()
    }
}

/// A sale whose prices include VAT: `parts` are (label, TTC, HT, rate), each line a quantity of one.
fn with_prices_incl(number: &str, parts: &[(&str, i64, i64, Decimal)], vat: Vec<VatSubtotal>, totals: Totals) -> Commercial {
    let lines = parts
        .iter()
        .zip(1..)
        .map(|((label, gross, net, rate), id)| Line {
            unit_price_incl: Some(Decimal::new(*gross, 2)),
            gross: Some(*gross),
            ..line(id, label, dec!(1), Decimal::new(*net, 2), *net, "S", *rate)
        })
        .collect();
    let mut doc = invoice(number, lines, vat, totals);
    doc.prices_include_vat = true;
    doc
}

/// Paid on the spot, by card.
fn paid(mut doc: Commercial, process: &str) -> Commercial {
    doc.process = text(process);
    doc.due_date = Some(DAY);
    doc.supply_date = Some(DAY);
    doc.totals.paid = doc.totals.gross;
    doc.totals.due = 0;
    doc.payment =
        super::Payment { means_code: text("48"), method_label: text("Carte bancaire"), paid_on: Some(DAY), ..super::Payment::default() };
    doc
}

/// To a consumer: no SIREN, no penalties, no platform.
fn consumer(mut doc: Commercial) -> Commercial {
    doc.buyer = abroad("Camille Martin", "8 rue des Lilas", "69007", "Lyon", "FR", "");
    doc.notes = notes("B2C");
    doc.mentions.clear();
    doc
}

/// Every case.
pub(super) fn cases() -> Vec<Case> {
    rates().into_iter().chain(untaxed_cases()).chain(discounts()).chain(series()).chain(roundings()).chain(others()).collect()
}

fn rates() -> Vec<Case> {
    let several = |number, parts: &[(&str, i64, Decimal, i64)], net, tax| {
        let lines =
            parts.iter().zip(1..).map(|((label, net, rate, _), id)| line(id, label, dec!(1), Decimal::new(*net, 2), *net, "S", *rate));
        invoice(number, lines.collect(), parts.iter().map(|(_, net, rate, tax)| vat("S", *rate, *net, *tax)).collect(), sums(net, tax))
    };
    vec![
        case("taux-normal", simple("FA-2026-00001", "Révision complète", 12_000, dec!(20), 2_400)),
        // 33,33 × 5,5 % = 1,83315; 12,00 × 2,1 % = 0,252.
        case("taux-metropole", {
            let parts = [
                ("Nuitée supplémentaire", 5_000, dec!(10), 500),
                ("Main-d’œuvre", 10_000, dec!(20), 2_000),
                ("Livres", 3_333, dec!(5.5), 183),
                ("Presse", 1_200, dec!(2.1), 25),
            ];
            several("FA-2026-00002", &parts, 19_533, 2_708)
        }),
        // 30,00 × 1,05 % = 0,315, half up.
        case("taux-dom", {
            let parts = [
                ("Réparation", 20_000, dec!(8.5), 1_700),
                ("Nuitée", 4_000, dec!(2.1), 84),
                ("Viande sur pied", 10_000, dec!(1.75), 175),
                ("Presse", 3_000, dec!(1.05), 32),
            ];
            let mut doc = several("FA-2026-00003", &parts, 37_000, 1_991);
            doc.seller.address = Address {
                line1: text("5 rue du Port"),
                postal_code: text("97420"),
                city: text("Le Port"),
                country: text("FR"),
                ..Address::default()
            };
            doc
        }),
        case("taux-corse", {
            let parts = [
                ("Spectacle", 100_000, dec!(0.9), 900),
                ("Produits agricoles", 10_000, dec!(2.1), 210),
                ("Vente à consommer sur place", 20_000, dec!(10), 2_000),
                ("Carburant", 50_000, dec!(13), 6_500),
            ];
            several("FA-2026-00004", &parts, 180_000, 9_610)
        }),
    ]
}

fn untaxed_cases() -> Vec<Case> {
    vec![
        case("guyane", untaxed("FA-2026-00010", "Transport", 45_000, "O", "VATEX-EU-O", "TVA non applicable en Guyane, art. 294-1 du CGI")),
        case("franchise", {
            let mut doc = untaxed("FA-2026-00011", "Conseil", 30_000, "E", "VATEX-FR-FRANCHISE", "TVA non applicable, art. 293 B du CGI");
            doc.process = text("S1");
            doc.seller.vat_number.clear();
            doc
        }),
        case("autoliquidation", {
            let mut doc = untaxed(
                "FA-2026-00012",
                "Pose de cloisons en sous-traitance",
                250_000,
                "AE",
                "VATEX-EU-AE",
                "Autoliquidation, art. 283-2 nonies du CGI",
            );
            doc.process = text("S1");
            doc
        }),
        case("intracommunautaire", {
            let mut doc =
                untaxed("FA-2026-00013", "Moteur rénové", 180_000, "K", "VATEX-EU-IC", "Exonération de TVA, art. 262 ter I du CGI");
            doc.process = text("B1");
            doc.buyer = abroad("Autohaus Schneider GmbH", "Hauptstraße 4", "79098", "Freiburg", "DE", "DE123456789");
            doc.buyer.electronic_address = text("DE123456789");
            doc.buyer.electronic_scheme = text("9930");
            doc.notes = notes("B2BINT");
            doc
        }),
        Case {
            name: "export",
            spared: NO_ADDRESS,
            doc: {
                let mut doc =
                    untaxed("FA-2026-00014", "Pièces de collection", 99_900, "G", "VATEX-EU-G", "Exonération de TVA, art. 262 I du CGI");
                doc.process = text("B1");
                doc.buyer = abroad("Garage du Lac SA", "Rue du Rhône 1", "1204", "Genève", "CH", "");
                doc.notes = notes("B2BINT");
                doc
            },
        },
        case(
            "hors-champ",
            untaxed("FA-2026-00015", "Indemnité d’immobilisation", 15_000, "O", "VATEX-EU-O", "Hors champ d’application de la TVA"),
        ),
        case("marge", {
            let mut doc = untaxed(
                "FA-2026-00016",
                "Véhicule d’occasion Renault Clio, 62 000 km",
                890_000,
                "E",
                "VATEX-EU-F",
                "Régime particulier – Biens d’occasion",
            );
            doc.process = text("B1");
            doc
        }),
        // 2 × 90,00 at 10 %, and a tax of the town that is no sale.
        case("taxe-de-sejour", {
            let lines = vec![
                line(1, "Nuitée chambre double", dec!(2), dec!(90), 18_000, "S", dec!(10)),
                line(2, "Taxe de séjour, 2 personnes × 2 nuits", dec!(4), dec!(1.5), 600, "E", Decimal::ZERO),
            ];
            let tax = exempt("E", 600, "VATEX-EU-79-C", "Débours, art. 267 II du CGI");
            let mut doc = invoice("FA-2026-00017", lines, vec![vat("S", dec!(10), 18_000, 1_800), tax], sums(18_600, 1_800));
            doc.process = text("S1");
            doc
        }),
    ]
}

fn allowance(reason: &str, amount: i64, rate: Decimal) -> Allowance {
    Allowance { reason: text(reason), amount, vat_category: text("S"), vat_rate: rate, gross: None }
}

fn discounts() -> Vec<Case> {
    vec![
        // 3 × 45,90 = 137,70 − 13,77 = 123,93; × 20 % = 24,786.
        case("remise-ligne", {
            let mut one = line(1, "Plaquettes de frein", dec!(3), dec!(45.90), 12_393, "S", dec!(20));
            one.discount = 1_377;
            one.discount_reason = text("Remise fidélité 10 %");
            invoice("FA-2026-00020", vec![one], vec![vat("S", dec!(20), 12_393, 2_479)], sums(12_393, 2_479))
        }),
        // 12,00 on 80,00 and 40,00: 8,00 and 4,00.
        case("remise-document", {
            let lines = vec![
                line(1, "Séminaire", dec!(1), dec!(80), 8_000, "S", dec!(20)),
                line(2, "Déjeuner", dec!(2), dec!(20), 4_000, "S", dec!(10)),
            ];
            let parts = vec![vat("S", dec!(20), 7_200, 1_440), vat("S", dec!(10), 3_600, 360)];
            let totals =
                Totals { lines: 12_000, allowances: 1_200, net: 10_800, vat: 1_800, gross: 12_600, due: 12_600, ..Totals::default() };
            let mut doc = invoice("FA-2026-00021", lines, parts, totals);
            doc.allowances = vec![allowance("Remise commerciale", 800, dec!(20)), allowance("Remise commerciale", 400, dec!(10))];
            doc
        }),
        // 10,00 on 66,67 and 33,33: 6,667 and 3,333; the cent that is left goes to the larger base (QI-51).
        case("remise-deux-niveaux", {
            let mut one = line(1, "Pneus", dec!(2), dec!(35), 6_667, "S", dec!(20));
            one.discount = 333;
            let lines = vec![one, line(2, "Guide routier", dec!(1), dec!(33.33), 3_333, "S", dec!(5.5))];
            let parts = vec![vat("S", dec!(20), 6_000, 1_200), vat("S", dec!(5.5), 3_000, 165)];
            let totals =
                Totals { lines: 10_000, allowances: 1_000, net: 9_000, vat: 1_365, gross: 10_365, due: 10_365, ..Totals::default() };
            let mut doc = invoice("FA-2026-00022", lines, parts, totals);
            doc.allowances = vec![allowance("Geste commercial", 667, dec!(20)), allowance("Geste commercial", 333, dec!(5.5))];
            doc
        }),
        case("supplement", {
            let totals = Totals { lines: 5_000, allowances: -500, net: 5_500, vat: 1_100, gross: 6_600, due: 6_600, ..Totals::default() };
            let lines = vec![line(1, "Batterie", dec!(1), dec!(50), 5_000, "S", dec!(20))];
            let mut doc = invoice("FA-2026-00023", lines, vec![vat("S", dec!(20), 5_500, 1_100)], totals);
            doc.allowances = vec![allowance("Frais de port", -500, dec!(20))];
            doc
        }),
    ]
}

fn series() -> Vec<Case> {
    let balance = |number, deposits: Vec<Preceding>, paid: i64| {
        let mut doc = simple(number, "Réfection de la cuisine", 100_000, dec!(20), 20_000);
        doc.kind = DocumentKind::Balance;
        doc.process = text("M4");
        doc.quote_reference = text("DE-2026-00042 v2");
        doc.deposits = deposits;
        doc.totals.paid = paid;
        doc.totals.due = 120_000 - paid;
        doc
    };
    vec![
        case("acompte", {
            let mut doc = simple("FA-2026-00030", "Acompte de 30 % sur le devis DE-2026-00042", 30_000, dec!(20), 6_000);
            doc.kind = DocumentKind::Deposit;
            doc.type_code = text("386");
            doc.due_date = Some(DAY);
            doc.supply_date = None;
            doc.quote_reference = text("DE-2026-00042 v2");
            doc
        }),
        case("solde", balance("FA-2026-00031", vec![earlier("FA-2026-00030", 10, "386", 30_000, dec!(20), 6_000)], 36_000)),
        case("solde-deux-acomptes", {
            let second = earlier("FA-2026-00009", 11, "386", 20_000, dec!(20), 4_000);
            balance("FA-2026-00032", vec![earlier("FA-2026-00008", 10, "386", 30_000, dec!(20), 6_000), second], 60_000)
        }),
        // 60 % of 10 000,00 done, 3 000,00 invoiced before.
        case("situation", {
            let lines = vec![
                line(1, "Lot maçonnerie, 60 % cumulés", dec!(0.6), dec!(10000), 600_000, "S", dec!(10)),
                line(2, "Situation n° 1, déjà facturée", dec!(-0.3), dec!(10000), -300_000, "S", dec!(10)),
            ];
            let mut doc = invoice("FA-2026-00033", lines, vec![vat("S", dec!(10), 300_000, 30_000)], sums(300_000, 30_000));
            doc.kind = DocumentKind::Situation;
            doc.process = text("S1");
            doc.title = text("Situation n° 2");
            doc.preceding = vec![earlier("FA-2026-00007", 9, "380", 300_000, dec!(10), 30_000)];
            doc
        }),
        case(
            "avoir-partiel",
            credit(
                simple("AV-2026-00001", "Vidange facturée à tort", 4_500, dec!(20), 900),
                "381",
                earlier("FA-2026-00001", 11, "380", 12_000, dec!(20), 2_400),
            ),
        ),
        case("avoir-total", {
            let lines = vec![
                line(1, "Séminaire", dec!(1), dec!(80), 8_000, "S", dec!(20)),
                line(2, "Déjeuner", dec!(2), dec!(20), 4_000, "S", dec!(10)),
            ];
            let parts = vec![vat("S", dec!(20), 8_000, 1_600), vat("S", dec!(10), 4_000, 400)];
            let of = Preceding { vat: parts.clone(), net: 12_000, gross: 14_000, ..earlier("FA-2026-00006", 8, "380", 0, dec!(20), 0) };
            credit(invoice("AV-2026-00002", lines, parts, sums(12_000, 2_000)), "381", of)
        }),
        case(
            "avoir-acompte",
            credit(
                simple("AV-2026-00003", "Acompte rendu", 30_000, dec!(20), 6_000),
                "503",
                earlier("FA-2026-00030", 10, "386", 30_000, dec!(20), 6_000),
            ),
        ),
        case("remise-globale", {
            let mut doc = credit(
                simple("AV-2026-00004", "Remise de fin d’année", 10_000, dec!(20), 2_000),
                "262",
                earlier("FA-2026-00005", 3, "380", 900_000, dec!(20), 180_000),
            );
            doc.contract_reference = text("CT-2026-7");
            doc.supply_period = Some((date(2026, 1, 1), date(2026, 10, 31)));
            doc.supply_date = None;
            doc
        }),
        case("rectificative", {
            let mut doc = simple("FA-2026-00034", "Révision complète", 11_000, dec!(20), 2_200);
            doc.kind = DocumentKind::Corrective;
            doc.type_code = text("384");
            doc.preceding = vec![earlier("FA-2026-00001", 11, "380", 12_000, dec!(20), 2_400)];
            doc
        }),
        // 5 × 20,00, one comes back.
        case("retour", {
            let lines = vec![
                line(1, "Bougie", dec!(5), dec!(20), 10_000, "S", dec!(20)),
                line(2, "Bougie reprise", dec!(-1), dec!(20), -2_000, "S", dec!(20)),
            ];
            invoice("FA-2026-00035", lines, vec![vat("S", dec!(20), 8_000, 1_600)], sums(8_000, 1_600))
        }),
    ]
}

fn roundings() -> Vec<Case> {
    vec![
        // 30,03 × 20 % = 6,006 by rate; 2,00 + 2,00 + 2,00 by line would be 6,00 (QI-49).
        case("arrondi-par-taux", {
            let lines = (1..=3).map(|id| line(id, "Fusible", dec!(1), dec!(10.01), 1_001, "S", dec!(20))).collect();
            invoice("FA-2026-00040", lines, vec![vat("S", dec!(20), 3_003, 601)], sums(3_003, 601))
        }),
        // 7 × 33,33 = 233,31; × 5,5 % = 12,83205.
        case("arrondi-sept-lignes", {
            let lines = (1..=7).map(|id| line(id, "Panier", dec!(1), dec!(33.33), 3_333, "S", dec!(5.5))).collect();
            invoice("FA-2026-00041", lines, vec![vat("S", dec!(5.5), 23_331, 1_283)], sums(23_331, 1_283))
        }),
        // 0,25 × 10 % = 0,025: half up, not to the even.
        case("arrondi-demi-centime", simple("FA-2026-00042", "Sachet", 25, dec!(10), 3)),
        // 0,3333 × 12,345678 = 4,1148…; 0,0001 × 1 000 = 0,10; 1,5 × 62,50 = 93,75; 97,96 × 20 % = 19,592.
        case("quantites-fines", {
            let mut hours = line(3, "Main-d’œuvre", dec!(1.5), dec!(62.5), 9_375, "S", dec!(20));
            hours.unit = text("HUR");
            hours.unit_label = text("h");
            let mut oil = line(1, "Huile", dec!(0.3333), dec!(12.345678), 411, "S", dec!(20));
            oil.unit = text("LTR");
            oil.unit_label = text("l");
            let lines = vec![oil, line(2, "Additif", dec!(0.0001), dec!(1000), 10, "S", dec!(20)), hours];
            invoice("FA-2026-00043", lines, vec![vat("S", dec!(20), 9_796, 1_959)], sums(9_796, 1_959))
        }),
        // 10,50 ÷ 1,1 = 9,545… → 9,55, and 0,95 is left; 9,55 × 10 % would be 0,96 (QI-50).
        Case {
            name: "ttc-ecart-un-centime",
            spared: NO_NOTES,
            doc: consumer(paid(
                with_prices_incl(
                    "FA-2026-00044",
                    &[("Plat du jour", 1_050, 955, dec!(10))],
                    vec![vat("S", dec!(10), 955, 95)],
                    sums(955, 95),
                ),
                "S2",
            )),
        },
        // A menu of 30,00 with wine (RE-02): 24,00 at 10 % and 6,00 at 20 %.
        case("ttc-menu", {
            let parts = [("Menu du marché, part mets", 2_400, 2_182, dec!(10)), ("Menu du marché, part vin", 600, 500, dec!(20))];
            let mut doc = with_prices_incl(
                "FA-2026-00045",
                &parts,
                vec![vat("S", dec!(10), 2_182, 218), vat("S", dec!(20), 500, 100)],
                sums(2_682, 318),
            );
            doc.process = text("S1");
            doc
        }),
        // 50 × 9,99 = 499,50 → 99,90; 50 × 3,33 = 166,50 → 9,1575.
        case("cent-lignes", {
            let lines = (1..=100).map(|id| {
                let (price, net, rate) = if id % 2 == 1 { (dec!(9.99), 999, dec!(20)) } else { (dec!(3.33), 333, dec!(5.5)) };
                line(id, &format!("Article {id}"), dec!(1), price, net, "S", rate)
            });
            let parts = vec![vat("S", dec!(20), 49_950, 9_990), vat("S", dec!(5.5), 16_650, 916)];
            invoice("FA-2026-00046", lines.collect(), parts, sums(66_600, 10_906))
        }),
        case("zero", simple("FA-2026-00047", "Reprise sous garantie", 0, dec!(20), 0)),
        case("dix-millions", simple("FA-2026-00048", "Ensemble immobilier", 1_000_000_000, dec!(20), 200_000_000)),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case("comptant", paid(simple("FA-2026-00050", "Montage de pneus", 9_900, dec!(20), 1_980), "M2")),
        Case {
            name: "comptant-particulier",
            spared: NO_NOTES,
            doc: consumer(paid(simple("FA-2026-00051", "Contrôle de la climatisation", 5_900, dec!(20), 1_180), "S2")),
        },
        // 200,00 USD of VAT at 1,1000 USD for a euro.
        case("devise", {
            let mut doc = simple("FA-2026-00052", "Location de salle", 110_000, dec!(20), 22_000);
            doc.currency = text("USD");
            doc.accounting_currency_vat = Some(20_000);
            doc
        }),
        case("debits", {
            let mut doc = simple("FA-2026-00053", "Maintenance", 20_000, dec!(20), 4_000);
            doc.process = text("S1");
            doc.vat_point = text("5");
            doc.mentions.push(text("Option pour le paiement de la taxe d’après les débits"));
            doc
        }),
        case("encaissements", {
            let mut doc = simple("FA-2026-00054", "Maintenance", 20_000, dec!(20), 4_000);
            doc.process = text("S1");
            doc.vat_point = text("72");
            doc
        }),
        case("livraison", {
            let mut doc = simple("FA-2026-00055", "Pièces", 20_000, dec!(20), 4_000);
            doc.process = text("B1");
            doc.vat_point = text("29");
            doc.order_reference = text("BC-778");
            doc.contract_reference = text("CT-2026-7");
            doc.deliver_to = Some(Address {
                line1: text("Dépôt, 9 chemin Vert"),
                postal_code: text("73100"),
                city: text("Aix-les-Bains"),
                country: text("FR"),
                ..Address::default()
            });
            doc
        }),
        case("periode", {
            let mut doc = simple("FA-2026-00056", "Abonnement, octobre", 4_990, dec!(20), 998);
            doc.process = text("S1");
            doc.supply_date = None;
            doc.supply_period = Some((date(2026, 10, 1), date(2026, 10, 31)));
            doc.seller = Party { trade_name: text("Dupré Auto"), extra_lines: vec![text("Ouvert du lundi au samedi")], ..garage() };
            doc.buyer = Party { siret: String::new(), ..company() };
            doc.lines[0].description = text("Assistance et mises à jour < 24 h & plus\u{7}\nDeuxième ligne");
            doc
        }),
    ]
}

//! Demo data: three companies with two years of history, the same on every machine (its dates end on the day it is loaded).

mod people;
mod tasks;
mod things;
mod words;

use crate::boot::BootError;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;
use vision_accounts::provision::{self, NewTenant};
use vision_platform::{App, Config, Failure, SystemTx};

/// The published password of every demo account.
const PASSWORD: &str = "vision-demo-2026";

/// A demo company.
struct Company {
    slug: &'static str,
    name: &'static str,
    legal_name: &'static str,
    trade: &'static str,
    /// Domain of its accounts.
    domain: &'static str,
    siren: &'static str,
    address: (&'static str, &'static str, &'static str),
    accent: &'static str,
    team: [(&'static str, &'static str); 4],
}

const COMPANIES: [Company; 3] = [
    Company {
        slug: "garage-dupre",
        name: "Garage Dupré",
        legal_name: "Garage Dupré et Fils",
        trade: "garage",
        domain: "garage.example",
        siren: "732829320",
        address: ("14 rue de la Part-Dieu", "69003", "Lyon"),
        accent: "#1f5fbf",
        team: [("owner", "Michel Dupré"), ("manager", "Sophie Laurent"), ("member", "Karim Benali"), ("technician", "Julien Moreau")],
    },
    Company {
        slug: "hotel-des-quais",
        name: "Hôtel des Quais",
        legal_name: "Société hôtelière des Quais",
        trade: "hotel",
        domain: "hotel.example",
        siren: "552081317",
        address: ("3 quai des Chartrons", "33000", "Bordeaux"),
        accent: "#0b6e5f",
        team: [("owner", "Claire Fontaine"), ("manager", "Thomas Girard"), ("member", "Inès Rousseau"), ("technician", "Paul Lefèvre")],
    },
    Company {
        slug: "table-d-ana",
        name: "La Table d’Ana",
        legal_name: "La Table d’Ana",
        trade: "restaurant",
        domain: "restaurant.example",
        siren: "443061841",
        address: ("8 rue des Tonneliers", "67000", "Strasbourg"),
        accent: "#9c3d1e",
        team: [("owner", "Ana Schmitt"), ("manager", "Hugo Weber"), ("member", "Léa Müller"), ("technician", "Noé Klein")],
    },
];

/// Demo data has a published password: production refuses it.
pub fn refuse_in_production(config: &Config) -> Result<(), BootError> {
    if config.production { Err(BootError::Other("demo data is refused when VISION_ENV=production".into())) } else { Ok(()) }
}

/// Loads the demo data, after deleting the demo companies when `reset`; `Ok(false)` when it was there.
pub async fn load(app: &App, reset: bool) -> Result<bool, Failure> {
    if reset {
        let mut tx = app.db.system().await?;
        delete(&mut tx).await?;
        tx.commit().await?;
    }
    let hash = {
        let mut tx = app.db.system().await?;
        let present: i64 = sqlx::query_scalar("SELECT count(*) FROM tenants WHERE is_demo").fetch_one(tx.conn()).await?;
        if present > 0 {
            return Ok(false);
        }
        vision_accounts::password::hash(PASSWORD.to_owned()).await?
    };
    for (index, company) in COMPANIES.iter().enumerate() {
        let (tenant, team) = create(app, company, &hash).await?;
        let mut tx = app.db.begin_as_system(tenant).await?;
        let seed = u64::try_from(index).unwrap_or(0);
        let contacts = people::fill(&mut tx, company.trade, &team, seed).await?;
        things::fill(&mut tx, company.trade, &team, &contacts, seed).await?;
        tasks::fill(&mut tx, company.trade, &team, &people::shown(&contacts)).await?;
        vision_crm::consents::demo::insert(&mut tx, &app.crypto).await?;
        tx.commit().await?;
        let owner = team.first().map(|(id, name)| (*id, name.clone())).unwrap_or_default();
        vision_sales::catalog::demo::fill(app, tenant, company.trade).await?;
        Box::pin(vision_billing::demo::fill(app, tenant, &owner, company.trade, company.address.2)).await?;
        // Last, so that a load that was cut off is loaded again from the start.
        let mut tx = app.db.system().await?;
        sqlx::query("UPDATE tenants SET is_demo = true WHERE id = $1").bind(tenant).execute(tx.conn()).await?;
        tx.commit().await?;
    }
    Ok(true)
}

async fn delete(tx: &mut SystemTx) -> Result<(), Failure> {
    let slugs: Vec<&str> = COMPANIES.iter().map(|company| company.slug).collect();
    for table in ["outbox", "audit_log", "idempotency_keys", "api_usage"] {
        let statement = format!("DELETE FROM {table} WHERE tenant_id IN (SELECT id FROM tenants WHERE slug = ANY ($1))");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&slugs).execute(tx.conn()).await?;
    }
    sqlx::query("DELETE FROM tenants WHERE slug = ANY ($1)").bind(&slugs).execute(tx.conn()).await?;
    let emails: Vec<String> =
        COMPANIES.iter().flat_map(|company| company.team.iter().map(|(role, _)| format!("{role}@{}", company.domain))).collect();
    sqlx::query("DELETE FROM users WHERE email_norm = ANY ($1)").bind(emails).execute(tx.conn()).await?;
    Ok(())
}

/// The company with its four people: (id, name) in the order of the table above.
async fn create(app: &App, company: &Company, hash: &str) -> Result<(Uuid, Vec<(Uuid, String)>), Failure> {
    let mut tx = app.db.system().await?;
    // What an interrupted load left behind.
    sqlx::query("DELETE FROM tenants WHERE slug = $1 AND NOT is_demo").bind(company.slug).execute(tx.conn()).await?;
    let new = NewTenant {
        name: company.name,
        trade: company.trade,
        time_zone: "Europe/Paris",
        slug: Some(company.slug),
        plan: "pro",
        is_demo: false,
    };
    let tenant = provision::tenant(&mut tx, &new).await?;
    let now = tx.now().to_sqlx();
    let vat: Option<String> = company.siren.parse::<vision_kernel::Siren>().ok().map(|siren| siren.vat_number().to_string());
    let (line1, postal_code, city) = company.address;
    sqlx::query(
        "UPDATE tenants SET simulation = true, legal_name = $2, legal_form = 'SARL', siren = $3, vat_number = $4, address_line1 = $5, postal_code = $6, city = $7, accent_color = $8,
           email = $9, onboarding_step = NULL, onboarding_completed_at = $10 WHERE id = $1",
    )
    .bind(tenant)
    .bind(company.legal_name)
    .bind(company.siren)
    .bind(vat)
    .bind(line1)
    .bind(postal_code)
    .bind(city)
    .bind(company.accent)
    .bind(format!("bonjour@{}", company.domain))
    .bind(now)
    .execute(tx.conn())
    .await?;
    let mut team = Vec::new();
    for (role, name) in company.team {
        let email = format!("{role}@{}", company.domain);
        sqlx::query("DELETE FROM users WHERE email_norm = $1").bind(&email).execute(tx.conn()).await?;
        let user = provision::user(&mut tx, &email, name, hash, true).await?;
        provision::member(&mut tx, tenant, user, role, Some(if role == "technician" { "Atelier" } else { "Accueil" })).await?;
        team.push((user, name.to_owned()));
    }
    tx.commit().await?;
    Ok((tenant, team))
}

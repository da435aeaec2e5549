//! The refused rows as a file: the columns of the original, and why.

use super::store::{self, ImportRow};
use std::path::Path;
use vision_documents::{Cell, TableWriter};
use vision_kernel::Problem;
use vision_platform::{Failure, Tx};

/// Why a row was refused, in words.
pub(crate) fn why(reason: &str) -> &'static str {
    match reason {
        "more_fields_than_headers" => "plus de valeurs que de colonnes",
        "nothing_to_name" => "ni nom, ni plaque, ni VIN, ni marque, ni numéro",
        "invalid_plate" => "plaque non valable, et rien d’autre ne désigne ce véhicule",
        "invalid_vin" => "VIN non valable, et rien d’autre ne désigne ce véhicule",
        "kind_unavailable" => "les patients demandent un hébergement de données de santé (HDS)",
        "kind_gone" => "le type choisi a été supprimé entre-temps",
        "title_missing" => "pas de titre",
        "not_a_task" => "titre de section ou commentaire, pas une tâche",
        "owner_needed" => "le propriétaire doit être l’un de vos contacts",
        _ => "ni nom, ni société, ni e-mail, ni téléphone",
    }
}

/// Writes the refused rows of an import.
pub(crate) async fn write(tx: &mut Tx, import: &ImportRow, path: &Path) -> Result<(), Failure> {
    let mut headers: Vec<&str> = import.headers.iter().map(String::as_str).collect();
    headers.extend(["ligne", "motif"]);
    let mut table = TableWriter::csv(path, &headers).map_err(Problem::internal)?;
    let mut after = 0;
    loop {
        let rows = store::rows(tx, import.id, Some("rejected"), after, 1000).await?;
        let Some(last) = rows.last() else { break };
        after = last.row_number;
        for row in &rows {
            let cells: Vec<String> = row.cells.as_ref().and_then(|cells| serde_json::from_value(cells.clone()).ok()).unwrap_or_default();
            // What stands beyond the last column is kept with it rather than lost.
            let width = import.headers.len();
            let mut fitted: Vec<String> = cells.iter().take(width).cloned().collect();
            fitted.resize(width, String::new());
            let beyond = cells.get(width..).unwrap_or_default().join(" | ");
            if let Some(cell) = fitted.last_mut().filter(|_| !beyond.is_empty()) {
                *cell = if cell.is_empty() { beyond } else { format!("{cell} | {beyond}") };
            }
            let number = row.row_number.to_string();
            let mut line: Vec<Cell<'_>> = fitted.iter().map(|cell| Cell::Text(cell)).collect();
            line.extend([Cell::Text(&number), Cell::Text(why(row.reason.as_deref().unwrap_or_default()))]);
            table.row(&line).map_err(Problem::internal)?;
        }
    }
    table.finish().map_err(Problem::internal)?;
    Ok(())
}

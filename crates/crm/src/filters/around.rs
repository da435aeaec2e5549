//! What a filter is read against, as the database has it now.

use super::Tree;
use super::compile::{Broken, Surroundings, compile};
use super::model::{Node, Test};
use crate::custom_fields::{self, model::RecordObject};
use crate::zone;
use serde_json::Value;
use vision_kernel::Problem;
use vision_platform::{Failure, Tx};

/// A tree as `record_test` reads it, and what in it cannot hold any more.
pub(crate) async fn compiled(tx: &mut Tx, object: RecordObject, node: &Node) -> Result<(Value, Vec<Broken>), Failure> {
    // What no condition asks about is not looked up.
    let around = surroundings(tx, object, &[node]).await?;
    let mut broken = Vec::new();
    Ok((compile(node, &around, &mut broken), broken))
}

/// Reads a tree; mistakes have pointers below `pointer`.
pub(crate) fn read(object: RecordObject, tree: &Tree, pointer: &str) -> Result<Node, Problem> {
    tree.read(object, pointer).map_err(Problem::validation)
}

/// What these trees are read against: the company's clock and its own fields, where a condition asks about them.
pub(crate) async fn surroundings(tx: &mut Tx, object: RecordObject, nodes: &[&Node]) -> Result<Surroundings, Failure> {
    let custom = nodes.iter().any(|node| node.has(&|test| matches!(test, Test::Custom(..))));
    let dated = |test: &Test| matches!(test, Test::Moment(..) | Test::Day(..) | Test::Event(_, Some(_)) | Test::Custom(..));
    let dates = nodes.iter().any(|node| node.has(&dated));
    let zone = if dates { zone::of_tenant(tx).await? } else { zone::Zone::new("UTC") };
    let fields = if custom { custom_fields::store::definitions(tx, object).await? } else { Vec::new() };
    Ok(Surroundings { me: tx.actor().id, today: zone.wall(tx.now()).date(), zone, fields })
}

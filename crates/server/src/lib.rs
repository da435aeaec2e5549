//! The product assembled: which routes, jobs, ports and pages an instance has, and how it starts and stops.

pub mod boot;
pub mod cli;
pub mod demo;
pub mod pages;
pub mod seal;
pub mod serve;
pub mod wiring;

//! Stores, each native. Only `app` names this module: everything else holds its traits.

pub mod sqlite;

//! What tests ask the simulator about its Graph.

use super::{Graph, GraphMethod};
use crate::Sim;
use crate::config::GraphConfig;
use crate::sync::lock;

/// A user as Graph knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphUser {
    /// Object id.
    pub id: String,
    /// User principal name.
    pub user_principal_name: String,
    /// `user.displayName` of the options.
    pub display_name: String,
}

impl Graph {
    fn user(&self, config: &GraphConfig, name: &str) -> Option<GraphUser> {
        self.accounts(config);
        let store = lock(&self.store);
        let account = store.accounts.iter().find(|account| account.name == name)?;
        Some(GraphUser {
            id: account.id.clone(),
            user_principal_name: account.upn.clone(),
            display_name: account.display_name.clone(),
        })
    }

    fn methods(&self, name: &str) -> Vec<GraphMethod> {
        let store = lock(&self.store);
        let account = store.accounts.iter().find(|account| account.name == name);
        account.map(|account| account.methods.clone()).unwrap_or_default()
    }
}

impl Sim {
    /// The address of the simulated Microsoft Graph, without version and without a slash at the end:
    /// `https://localhost:40127`. Versions are `v1.0` and `beta` below it.
    #[must_use]
    pub fn graph_url(&self) -> &str {
        self.graph().origin()
    }

    /// An access token for it, good from now on for `graph.token_seconds`.
    #[must_use]
    pub fn graph_token(&self) -> String {
        let graph = self.graph();
        graph.give_token(&graph.config.get().graph)
    }

    /// The token endpoint of the tenant: `{graph}/{tenant}/oauth2/v2.0/token`.
    #[must_use]
    pub fn graph_token_url(&self) -> String {
        let graph = self.graph();
        let config = graph.config.get();
        format!("{}/{}/oauth2/v2.0/token", graph.origin(), config.graph.tenant)
    }

    /// The application's id and secret.
    #[must_use]
    pub fn graph_client(&self) -> (String, String) {
        let config = self.graph().config.get();
        (config.graph.client_id.clone(), config.graph.client_secret.clone())
    }

    /// The scope that a token is asked for with.
    #[must_use]
    pub fn graph_scope(&self) -> String {
        let graph = self.graph();
        graph.scope(&graph.config.get().graph)
    }

    /// A user of the simulator as Graph knows it.
    #[must_use]
    pub fn graph_user(&self, name: &str) -> Option<GraphUser> {
        let graph = self.graph();
        graph.user(&graph.config.get().graph, name)
    }

    /// What Graph has stored for a user of the simulator.
    #[must_use]
    pub fn graph_methods_of(&self, name: &str) -> Vec<GraphMethod> {
        self.graph().methods(name)
    }
}

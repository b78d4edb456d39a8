//! What can go wrong when a dashboard starts.

use std::io;

/// Why a dashboard did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not a host and a port.
    #[error("`{address}` is no address for the dashboard: write HOST:PORT, such as 127.0.0.1:8787, or a port alone")]
    Address {
        /// What was given.
        address: String,
    },
    /// Another program listens there.
    #[error(
        "port {port} of {host} is taken, perhaps by another dashboard: choose another one, or port 0 for any free one"
    )]
    PortTaken {
        /// The host that was asked for.
        host: String,
        /// The port that was asked for.
        port: u16,
    },
    /// The system does not let us listen there.
    #[error("cannot serve the dashboard on {address}")]
    Listen {
        /// What was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no thread or no random numbers.
    #[error("cannot start the dashboard")]
    Start {
        /// What the system said.
        source: io::Error,
    },
}

/// A result whose error says why a dashboard did not start.
pub type Result<T, E = Error> = std::result::Result<T, E>;

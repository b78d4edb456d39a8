//! How a dashboard is served.

/// How a dashboard is served. The default suits a page that only this machine opens.
///
/// # Examples
///
/// ```
/// use blockfold_dashboard::Options;
///
/// let options = Options::default().next_free(true).token("correct horse battery staple");
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) next_free: bool,
    pub(crate) token: Option<String>,
}

impl Options {
    /// Takes the next free port, of twenty, where the one asked for is taken; without it, that is an error.
    #[must_use]
    pub fn next_free(mut self, yes: bool) -> Self {
        self.next_free = yes;
        self
    }

    /// Asks for this token. Without it, a page that other machines can open asks for a random one, which is part
    /// of [`Dashboard::url`](crate::Dashboard::url), and one for this machine alone asks for none.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

//! What the caller may choose: file format, direction, colouring, size limits. Parsing of their names lives here too,
//! so that a command line and a binding accept the same words. No option changes what the graph means.

use std::path::Path;
use std::str::FromStr;

use crate::Error;

/// The formats, as an error message lists them.
pub(crate) const SUPPORTED: &str = "svg, png, dot (or gv), mermaid (or mmd), md";

/// What the picture is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Scalable vector graphics, for browsers and notebooks.
    #[default]
    Svg,
    /// Pixels; needs the crate feature `png`.
    Png,
    /// Source text for Graphviz, which lays it out itself.
    Dot,
    /// Source text for Mermaid, which lays it out itself.
    Mermaid,
    /// Mermaid in a fenced block of a Markdown page.
    Markdown,
}

impl Format {
    /// The short name: "svg", "png", "dot", "mermaid" or "md".
    pub fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Dot => "dot",
            Self::Mermaid => "mermaid",
            Self::Markdown => "md",
        }
    }

    /// The format that the ending of a file's name stands for, in either case.
    ///
    /// ```
    /// use blockfold_draw::Format;
    /// assert_eq!(Format::from_path("plan.GV".as_ref())?, Format::Dot);
    /// assert!(Format::from_path("plan.bmp".as_ref()).is_err());
    /// # Ok::<(), blockfold_draw::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownFormat`] when there is no ending or it is not known.
    pub fn from_path(path: &Path) -> Result<Self, Error> {
        match path.extension() {
            Some(ending) => ending.to_string_lossy().parse(),
            None => Err(Error::UnknownFormat { name: path.to_string_lossy().into_owned() }),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name.trim_start_matches('.').to_ascii_lowercase().as_str() {
            "svg" => Ok(Self::Svg),
            "png" => Ok(Self::Png),
            "dot" | "gv" | "graphviz" => Ok(Self::Dot),
            "mermaid" | "mmd" => Ok(Self::Mermaid),
            "md" | "markdown" => Ok(Self::Markdown),
            _ => Err(Error::UnknownFormat { name: name.to_owned() }),
        }
    }
}

/// Which way data flows across the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rankdir {
    /// Left to right.
    #[default]
    LeftRight,
    /// Top to bottom.
    TopBottom,
    /// Right to left.
    RightLeft,
    /// Bottom to top.
    BottomTop,
}

impl Rankdir {
    /// The two letters that Graphviz and Mermaid use.
    pub fn letters(self) -> &'static str {
        match self {
            Self::LeftRight => "LR",
            Self::TopBottom => "TB",
            Self::RightLeft => "RL",
            Self::BottomTop => "BT",
        }
    }

    /// Whether data flows along the horizontal axis.
    pub(crate) fn is_horizontal(self) -> bool {
        matches!(self, Self::LeftRight | Self::RightLeft)
    }
}

impl FromStr for Rankdir {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name.to_ascii_uppercase().as_str() {
            "LR" => Ok(Self::LeftRight),
            "TB" | "TD" => Ok(Self::TopBottom),
            "RL" => Ok(Self::RightLeft),
            "BT" => Ok(Self::BottomTop),
            _ => {
                Err(Error::UnknownOption { option: "direction", name: name.to_owned(), supported: "LR, TB, RL and BT" })
            }
        }
    }
}

/// What the colour of a node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorBy {
    /// Its operation: one colour for each.
    #[default]
    Op,
    /// Its place in the order of execution.
    Order,
    /// The time it took.
    Time,
    /// The size of its result.
    Bytes,
}

impl FromStr for ColorBy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name.to_ascii_lowercase().as_str() {
            "op" | "kind" => Ok(Self::Op),
            "order" => Ok(Self::Order),
            "time" => Ok(Self::Time),
            "bytes" | "memory" => Ok(Self::Bytes),
            _ => Err(Error::UnknownOption {
                option: "colouring",
                name: name.to_owned(),
                supported: "op, order, time and bytes",
            }),
        }
    }
}

/// What lies behind the drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Background {
    /// Nothing: the page shows through.
    #[default]
    Transparent,
    /// White.
    White,
}

/// How to draw. The default suits a notebook.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Which way data flows.
    pub rankdir: Rankdir,
    /// What colours say.
    pub color_by: ColorBy,
    /// A graph of more nodes than this, or far more edges than can be followed, is merged first, see
    /// [`collapse`](crate::collapse). 0 counts as 1.
    pub max_nodes: usize,
    /// Heading over the picture.
    pub title: Option<String>,
    /// What lies behind the drawing.
    pub background: Background,
    /// Pixels of a PNG for each unit of the SVG, from 0.25 to 8. A picture too big for memory is drawn smaller.
    pub pixel_ratio: f32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rankdir: Rankdir::default(),
            color_by: ColorBy::default(),
            max_nodes: 400,
            title: None,
            background: Background::default(),
            pixel_ratio: 2.0,
        }
    }
}

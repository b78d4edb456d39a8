//! Where to listen: from what a user writes to a socket and the URL that opens it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};

use crate::error::{Error, Result};

/// Ports tried when the next free one will do.
const PORTS_TRIED: u16 = 20;

/// A socket that listens.
pub struct Bound {
    /// The socket.
    pub listener: TcpListener,
    /// Its address, with the port that the system chose.
    pub address: SocketAddr,
    /// The host as the user wrote it.
    pub host: String,
}

impl Bound {
    /// Listens on `address`, or on one of the ports after it.
    pub fn listen(address: &str, next_free: bool) -> Result<Self> {
        let (host, port) = split(address).ok_or_else(|| Error::Address { address: address.to_owned() })?;
        let last = if next_free && port != 0 { port.saturating_add(PORTS_TRIED - 1) } else { port };
        let mut tried = port;
        loop {
            match bind(&host, tried) {
                Ok((listener, address)) => return Ok(Self { listener, address, host }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && tried < last => tried += 1,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(Error::PortTaken { host, port }),
                Err(source) => return Err(Error::Listen { address: address.to_owned(), source }),
            }
        }
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// What to open in a browser, without a token. Of a socket that listens everywhere, an address of this machine.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let shown = if ip.is_unspecified() { own_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { ip };
        format!("http://{}/", SocketAddr::new(shown, self.address.port()))
    }
}

fn bind(host: &str, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    let listener = TcpListener::bind(&addresses[..])?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Host and port of `address`; a port alone is one of this machine.
fn split(address: &str) -> Option<(String, u16)> {
    let (host, port) = address.rsplit_once(':').unwrap_or(("", address));
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    Some((host.to_owned(), port.parse().ok()?))
}

/// The address by which this machine reaches others. Nothing is sent: the system only looks up the route.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        assert_eq!(split("127.0.0.1:8787"), Some(("127.0.0.1".to_owned(), 8787)));
        assert_eq!(split("[::1]:80"), Some(("::1".to_owned(), 80)));
        assert_eq!(split(":80"), Some(("127.0.0.1".to_owned(), 80)));
        assert_eq!(split("80"), Some(("127.0.0.1".to_owned(), 80)));
        assert_eq!(split("localhost"), None);
        assert_eq!(split("localhost:port"), None);
        assert_eq!(split("localhost:65536"), None);
    }

    #[test]
    fn a_taken_port_is_named_or_passed_over() {
        let first = Bound::listen("127.0.0.1:0", false).unwrap();
        let port = first.address.port();
        let error = Bound::listen(&format!("127.0.0.1:{port}"), false).err().unwrap().to_string();
        assert!(error.contains(&format!("port {port} of 127.0.0.1 is taken")), "{error}");
        let next = Bound::listen(&format!("127.0.0.1:{port}"), true).unwrap();
        assert!(next.address.port() > port);
    }
}

package netloop

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// bindAddress is one word of the directive `bind`.
type bindAddress struct {
	host     string
	optional bool // was written with a dash: may be missing on this machine
}

func parseBind(word string) bindAddress {
	host, optional := strings.CutPrefix(word, "-")
	return bindAddress{host, optional}
}

// isV6 tells the family: whatever has a colon is IPv6, names are looked up as IPv4, as Valkey does.
func (b bindAddress) isV6() bool { return strings.Contains(b.host, ":") }

// resolve gives the address to bind.
func (b bindAddress) resolve(port int) (unix.Sockaddr, error) {
	switch b.host {
	case "*":
		return &unix.SockaddrInet4{Port: port}, nil
	case "::*":
		return &unix.SockaddrInet6{Port: port}, nil
	}
	network := "ip4"
	if b.isV6() {
		network = "ip6"
	}
	// The lookup can wait for a name server, which is why hosts are resolved before anything else happens.
	ip, err := net.ResolveIPAddr(network, b.host)
	if err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	if b.isV6() {
		sa := &unix.SockaddrInet6{Port: port, Addr: [16]byte(ip.IP.To16())}
		if ip.Zone != "" {
			sa.ZoneId = zoneID(ip.Zone)
		}
		return sa, nil
	}
	return &unix.SockaddrInet4{Port: port, Addr: [4]byte(ip.IP.To4())}, nil
}

func zoneID(zone string) uint32 {
	if ifc, err := net.InterfaceByName(zone); err == nil {
		return uint32(ifc.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32) // no such zone: 0, and bind says so
	return uint32(n)
}

// tcpAddress writes "ip:port" or "[ip]:port"; "?:0" when the kernel does not tell.
func tcpAddress(sa unix.Sockaddr) string {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)).String()
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)).String()
	}
	return "?:0"
}

// unixAddress is what both ends of a Unix socket are called on the wire: Valkey formats "path:0" once more as a host
// with a colon, and clients have seen it that way ever since.
func unixAddress(path string) string { return "[" + path + ":0]:0" }

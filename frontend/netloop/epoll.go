package netloop

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls here go to the kernel without telling the Go scheduler, which would otherwise take the P away and give it
// back: that costs more than the call. So each must be short or bounded: sockets are non-blocking, the wait has a
// limit.

type eventKind int32

const (
	connEvent eventKind = iota
	listenerEvent
	wakeEvent
)

// newPoller makes an epoll, and an eventfd that it watches.
func newPoller() (epfd, eventfd int, err error) {
	if epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return 0, 0, fmt.Errorf("netloop: create epoll: %w", err)
	}
	eventfd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(epfd)
		return 0, 0, fmt.Errorf("netloop: create eventfd: %w", err)
	}
	if err := epollAdd(epfd, eventfd, unix.EPOLLIN, wakeEvent); err != nil {
		_ = unix.Close(epfd)
		_ = unix.Close(eventfd)
		return 0, 0, fmt.Errorf("netloop: watch eventfd: %w", err)
	}
	return epfd, eventfd, nil
}

// epollWait fills events and returns how many; 0 after the timeout or an interruption, such as the scheduler's own
// signal when it wants to stop the world.
func epollWait(epfd int, events []unix.EpollEvent, timeout time.Duration, keepP bool) int {
	ms := (timeout + time.Millisecond - 1) / time.Millisecond
	if !keepP && ms > 0 {
		n, err := unix.EpollWait(epfd, events, int(ms))
		if err != nil {
			return 0
		}
		return n
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(ms), 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

func rawRead(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		0, 0, 0)
	return int(r), errno
}

func rawWrite(fd int32, b []byte) (n int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_NOSIGNAL, 0, 0)
	return int(r), errno
}

func rawWritev(fd int32, iov []unix.Iovec) (n int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)))
	return int(r), errno
}

func epollAdd(epfd, fd int, events uint32, kind eventKind) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd), Pad: int32(kind)}
	return unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev)
}

// watch has epoll report what c waits for now: input unless it is closing, room while it has something to send.
func (l *Loop) watch(c *Conn) {
	var want uint32
	if c.flags&closing == 0 {
		want = unix.EPOLLIN
	}
	if !c.sentAll() || c.flags&sourceFull != 0 {
		want |= unix.EPOLLOUT
	}
	if want == c.events || c.flags&closed != 0 {
		return
	}
	ev := unix.EpollEvent{Events: want, Fd: c.fd, Pad: int32(connEvent)}
	if err := unix.EpollCtl(l.epfd, unix.EPOLL_CTL_MOD, int(c.fd), &ev); err != nil {
		l.drop(c)
		return
	}
	c.events = want
}

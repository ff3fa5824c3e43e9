package trust

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// The files that say who is in which group. They are read here because os/user doesn't
// list a group's members; a group that only a directory service knows has members that
// can't be known, and is not trusted.
const (
	passwdFile = "/etc/passwd"
	groupFile  = "/etc/group"
)

// ownGroup reports whether a file's group has no member but the file's owner: many
// systems give each user such a group, and a umask that lets it write. It is the rule
// of Debian's OpenSSH: the owner's primary group, of the owner's name, with nobody else
// in it.
func ownGroup(info fs.FileInfo) bool {
	users, err := os.ReadFile(passwdFile)
	if err != nil {
		return false
	}
	groups, err := os.ReadFile(groupFile)
	if err != nil {
		return false
	}
	return isOwnGroup(OwnerOf(info), groupOf(info), string(users), string(groups))
}

func isOwnGroup(owner, group int, users, groups string) bool {
	uid, gid := strconv.Itoa(owner), strconv.Itoa(group)
	name := ""
	for line := range strings.Lines(users) { // name:password:UID:gid:…
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[3] != gid {
			continue
		}
		if fields[2] != uid {
			return false // somebody else's primary group, too
		}
		if name == "" {
			name = fields[0]
		}
	}
	if name == "" {
		return false
	}
	found := false
	for line := range strings.Lines(groups) { // name:password:gid:members
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[2] != gid {
			continue
		}
		if fields[0] != name || fields[3] != "" && fields[3] != name {
			return false
		}
		found = true
	}
	return found
}

// grantedByList reports whether the POSIX access control list of what is at path lets
// somebody write who is not trusted. See acl(5) for its parts, and the kernel's
// posix_acl_xattr.h for the form.
func grantedByList(path string, t Rule) (bool, error) {
	const (
		user, group = 0x02, 0x08 // a user or group that is named
		write       = 0x02
	)
	list := make([]byte, 64<<10) // the most that an attribute can have
	n, err := syscall.Getxattr(path, "system.posix_acl_access", list)
	switch {
	case errors.Is(err, syscall.ENODATA), errors.Is(err, syscall.ENOTSUP):
		return false, nil
	case err != nil:
		return false, err
	}
	const header, entry = 4, 8
	for at := header; at+entry <= n; at += entry {
		tag, permission := binary.LittleEndian.Uint16(list[at:]), binary.LittleEndian.Uint16(list[at+2:])
		id := int(binary.LittleEndian.Uint32(list[at+4:]))
		if permission&write == 0 {
			continue
		}
		if tag == user && id != 0 && id != t.UID || tag == group && !t.Group {
			return true, nil
		}
	}
	return false, nil
}

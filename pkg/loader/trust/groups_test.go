package trust

import (
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"testing"
)

func TestAGroupIsTheOwnersOwnOnlyWithoutOthersInIt(t *testing.T) {
	const users = "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nbert:x:1001:1001::/home/bert:/bin/sh\n" +
		"carl:x:1002:100::/home/carl:/bin/sh\ndora:x:1003:1003::/:/bin/sh\nemil:x:1004:1003::/:/bin/sh\nbroken\n\n"
	for _, test := range []struct {
		name         string
		owner, group int
		groups       string
		own          bool
	}{
		{"own and empty", 1000, 1000, "root:x:0:\nanna:x:1000:\n", true},
		{"own, and lists its owner", 1000, 1000, "anna:x:1000:anna\n", true},
		{"root's", 0, 0, "root:x:0:", true},
		{"with another member", 1000, 1000, "anna:x:1000:bert\n", false},
		{"with the owner and another member", 1000, 1000, "anna:x:1000:anna,bert\n", false},
		{"of another name", 1000, 1000, "staff:x:1000:\n", false},
		{"listed twice, once with another member", 1000, 1000, "anna:x:1000:\nanna:x:1000:bert\n", false},
		{"not the owner's primary one", 1000, 1001, "bert:x:1001:\n", false},
		{"primary, and of other people's name", 1002, 100, "users:x:100:\n", false},
		{"of two users", 1003, 1003, "dora:x:1003:\n", false},
		{"of a user that is not listed", 4242, 4242, "u4242:x:4242:\n", false},
		{"not listed", 1000, 1000, "root:x:0:\n", false},
		{"a line without members", 1000, 1000, "anna:x:1000\n", false},
		{"no files", 1000, 1000, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := isOwnGroup(test.owner, test.group, users, test.groups); got != test.own {
				t.Errorf("%v, want %v", got, test.own)
			}
		})
	}
}

// An access control list shows in the mode only as rights of the group.
func TestAnAccessControlListThatLetsOthersWriteIsNoticed(t *testing.T) {
	type entry struct {
		tag, permission uint16
		id              uint32
	}
	const (
		owner, user, ownGroup, group, mask, other = 1, 2, 4, 8, 16, 32
		none                                      = ^uint32(0)
	)
	me := Rule{UID: os.Geteuid()}
	for _, test := range []struct {
		name    string
		named   []entry
		trust   Rule
		granted bool
	}{
		{"another user", []entry{{user, 6, 4242}}, me, true},
		{"another user, for reading", []entry{{user, 4, 4242}}, me, false},
		{"the user that runs the host", []entry{{user, 6, uint32(me.UID)}}, me, false},
		{"a group", []entry{{group, 6, 4242}}, me, true},
		{"a group that is trusted", []entry{{group, 6, 4242}}, Rule{UID: me.UID, Group: true}, false},
		{"a user, where groups are trusted", []entry{{user, 6, 4242}}, Rule{UID: me.UID, Group: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "file", "")
			list := binary.LittleEndian.AppendUint32(nil, 2)
			all := append([]entry{{owner, 6, none}}, test.named...)
			if test.named[0].tag == group {
				all = append([]entry{{owner, 6, none}, {ownGroup, 4, none}}, test.named...)
			} else {
				all = append(all, entry{ownGroup, 4, none})
			}
			for _, e := range append(all, entry{mask, 6, none}, entry{other, 0, none}) {
				list = binary.LittleEndian.AppendUint16(list, e.tag)
				list = binary.LittleEndian.AppendUint16(list, e.permission)
				list = binary.LittleEndian.AppendUint32(list, e.id)
			}
			err := syscall.Setxattr(path, "system.posix_acl_access", list, 0)
			if errors.Is(err, syscall.ENOTSUP) {
				t.Skip("this file system keeps no access control lists")
			}
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
				t.Fatalf("%v, %v", info.Mode(), err)
			}
			if got, err := grantedByList(path, test.trust); err != nil || got != test.granted {
				t.Errorf("%v, %v, want %v", got, err, test.granted)
			}
		})
	}
}

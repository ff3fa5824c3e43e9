// Package trust decides whether somebody else could change a file.
//
// Whoever can write to a plugin file, to a folder on the way to it, or to what is
// remembered of it, can run code as the user of the process. So all of them count
// only if root or that user owns them and nobody else can write to them.
//
// A [Rule] judges one file by its descriptor, all that leads to a path, or a folder with all
// that is in it (tree.go). groups.go knows who is in a group, and reads access control lists.
package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Rule is the rule by which one process trusts files.
type Rule struct {
	UID   int  // the effective user
	Group bool // all members of a file's group are trusted, too

	// The process is in a user namespace that doesn't know the system's root, whose files
	// seem to be nobody's there.
	rootUnknown bool
}

// Of is the rule of this process; group says that all members of a file's group are trusted.
func Of(group bool) Rule {
	ids, err := os.ReadFile("/proc/self/uid_map")
	return Rule{UID: os.Geteuid(), Group: group, rootUnknown: err == nil && !mapsRoot(string(ids))}
}

// mapsRoot reads a table of a user namespace; see user_namespaces(7).
func mapsRoot(table string) bool {
	for line := range strings.Lines(table) { // first id inside, first id outside, how many
		if fields := strings.Fields(line); len(fields) == 3 && fields[1] == "0" && fields[2] != "0" {
			return true
		}
	}
	return false
}

// Violation is a reason for not trusting what is at a path.
type Violation struct {
	Path    string // the file or folder that others own or can write to: the path itself, or one above it
	Foreign bool   // whether somebody else owns it; otherwise others can write to it
	Owner   int    // user id of its owner, if Foreign
	Cause   string // what is wrong, for people: "/opt/x belongs to …"
	Fix     string // the command that fixes it
}

// Judge judges one file or folder. at is where it can be looked at: its path, or that of a
// descriptor below /proc/self/fd. keeps says that the sticky bit of a folder is enough.
func (t Rule) Judge(path, at string, info fs.FileInfo, keeps bool) *Violation {
	if d := t.Owner(path, info); d != nil {
		return d
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return nil // its mode says nothing
	}
	if keeps && info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
		return nil
	}
	return t.ofMode(path, at, info)
}

// Owner judges by the owner alone.
func (t Rule) Owner(path string, info fs.FileInfo) *Violation {
	owner := OwnerOf(info)
	// Whoever can change the root folder can change the dynamic linker.
	if owner == 0 || owner == t.UID || path == "/" {
		return nil
	}
	trusted := "only root is trusted"
	if t.UID != 0 {
		trusted = "only root and " + UserText(t.UID) + ", whom otai runs as, are trusted"
	}
	chown := "chown root "
	if info.Mode()&fs.ModeSymlink != 0 {
		chown = "chown -h root "
	}
	return &Violation{
		Path: path, Foreign: true, Owner: owner, Fix: chown + Quoted(path) + " (only if you trust what is in it)",
		Cause: fmt.Sprintf("%s belongs to %s; %s", path, UserText(owner), trusted),
	}
}

func (t Rule) ofMode(path, at string, info fs.FileInfo) *Violation {
	const everybody, group = 0o002, 0o020
	mode := info.Mode()
	var who []string
	var bits string
	if mode&group != 0 && !t.Group && !ownGroup(info) {
		who, bits = append(who, "the group "+groupText(groupOf(info))), "g"
	}
	if mode&everybody != 0 {
		who, bits = append(who, "everybody"), bits+"o"
	}
	if len(who) > 0 {
		d := &Violation{
			Path: path, Fix: "chmod " + bits + "-w " + Quoted(path),
			Cause: fmt.Sprintf("%s can write to %s (mode %04o)", strings.Join(who, " and "), path, mode.Perm()),
		}
		if bits == "g" {
			d.Fix += " (or, where that group is trusted as Kubernetes' fsGroup is, set OTAI_TRUST_GROUP=1)"
		}
		return d
	}
	if mode&group == 0 {
		return nil // which is also what an access control list grants at most
	}
	if granted, err := grantedByList(at, t); granted || err != nil {
		return &Violation{
			Path: path, Fix: "setfacl -b " + Quoted(path),
			Cause: fmt.Sprintf("the access control list of %s lets others write to it", path),
		}
	}
	return nil
}

// Opened judges a file by its descriptor: what is judged is what will be read.
func (t Rule) Opened(path string, file *os.File) (*Violation, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return t.Judge(path, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), info, false), nil
}

// ErrLink is a symbolic link that leads nowhere or in a circle.
var ErrLink = errors.New("the symbolic link can't be followed")

// Resolve judges all that leads to an absolute path, from the root folder down, and its end
// when that is a folder: those of the path as it was given, and those behind the
// symbolic links in it. As it starts where nobody else can write, nothing that it has
// passed can be replaced by somebody else while it goes on. real is the path without
// symbolic links. An error is an [*fs.PathError]; all before its path was trusted.
func (t Rule) Resolve(path string) (real string, d *Violation, err error) {
	const mostLinks = 40 // as Linux follows
	links := 0
	folder, rest := "/", strings.Split(path, "/")
	open := false // others can put links into folder
	var tolerated *Violation
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		at := filepath.Join(folder, name) // folder has no symbolic link in it
		info, err := os.Lstat(at)
		if err != nil {
			return filepath.Join(append([]string{at}, rest...)...), nil, err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if open {
				if d := t.Owner(at, info); d != nil {
					return at, d, nil
				}
			}
			target, err := os.Readlink(at)
			if links++; err != nil || links > mostLinks {
				return at, nil, &fs.PathError{Op: "readlink", Path: at, Err: ErrLink}
			}
			if filepath.IsAbs(target) {
				folder, open = "/", false
			}
			rest = append(strings.Split(target, "/"), rest...)
			continue
		case info.IsDir():
			d := t.Judge(at, at, info, true)
			if tolerated = nil; t.MayBeRoots(d, at, info) {
				d, tolerated = nil, d
			}
			if d != nil {
				return at, d, nil
			}
			open = info.Mode()&fs.ModeSticky != 0 && info.Mode()&0o022 != 0
		}
		folder = at
	}
	return folder, tolerated, nil
}

// MayBeRoots tolerates a folder on the way to another one that root isn't known to own. It
// is no more than that: what is used must be the user's own.
func (t Rule) MayBeRoots(d *Violation, path string, info fs.FileInfo) bool {
	if d == nil || !d.Foreign || d.Owner != nobody || !t.rootUnknown {
		return false
	}
	return info.Mode()&fs.ModeSticky != 0 || t.ofMode(path, path, info) == nil
}

// OwnerOf is the user id of a file's owner.
func OwnerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

func groupOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Gid)
	}
	return -1
}

// nobody owns, in a user namespace, all files of users that it doesn't know.
const nobody = 65534

// UserText names a user for people.
func UserText(uid int) string {
	switch found, err := user.LookupId(strconv.Itoa(uid)); {
	case uid == nobody:
		return "the user 65534 (nobody; in a container also every user that it doesn't know)"
	case err != nil:
		return fmt.Sprintf("the user %d", uid)
	case uid == 0:
		return "root"
	default:
		return fmt.Sprintf("the user %d (%s)", uid, found.Username)
	}
}

func groupText(gid int) string {
	if found, err := user.LookupGroupId(strconv.Itoa(gid)); err == nil {
		return fmt.Sprintf("%d (%s)", gid, found.Name)
	}
	return strconv.Itoa(gid)
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_/.,:@%+=-]+$`)

// Quoted writes a path as a shell takes it for one word.
func Quoted(path string) string {
	if plainPath.MatchString(path) {
		return path
	}
	return fmt.Sprintf("'%s'", strings.ReplaceAll(path, "'", `'\''`))
}

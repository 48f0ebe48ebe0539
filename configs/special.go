package configs

import (
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// oomScore is oom-score-adj: its "relative" is taken and shown as "yes".
type oomScore struct{ enum[OomScoreAdj] }

func (k oomScore) set(field any, args []string) error {
	if err := k.enum.set(field, args); err != nil {
		return err
	}
	if v := field.(*OomScoreAdj); *v == oomScoreSynonym {
		*v = OomScoreRelative
	}
	return nil
}

// clamped is a number that is brought to the nearer end of a range narrower than its own.
type clamped struct {
	number
	low, high int64
}

func (k clamped) set(field any, args []string) error {
	if err := k.number.set(field, args); err != nil {
		return err
	}
	v := field.(*int64)
	*v = min(max(*v, k.low), k.high)
	return nil
}

// folder is dir: relative to the value before it, as with chdir. Whether it exists is for its users to see.
type folder struct{}

func (folder) reset(field any) { *field.(*string) = "/" }

func (folder) set(field any, args []string) error {
	if args[0] == "" {
		return refusal("dir can't be empty")
	}
	v := field.(*string)
	*v = joinPath(*v, args[0])
	return nil
}

func (folder) get(field any) string { return *field.(*string) }

func (folder) lines(field any) []line { return []line{{quote(*field.(*string)), true}} }

// joinPath makes name absolute, taking a relative one from dir.
func joinPath(dir, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(dir, name)
}

// addresses is bind and rdma-bind.
type addresses struct{ def []string }

func (k addresses) reset(field any) { *field.(*[]string) = k.def }

func (k addresses) set(field any, args []string) error {
	if len(args) > addressesMax {
		return refusal("Too many bind addresses specified.")
	}
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	for _, address := range args {
		if !plainWord(address) {
			return refusal("Invalid bind address.")
		}
	}
	*field.(*[]string) = slices.Clone(args)
	return nil
}

func (k addresses) get(field any) string { return strings.Join(*field.(*[]string), " ") }

func (k addresses) lines(field any) []line {
	v := *field.(*[]string)
	switch {
	case slices.Equal(v, k.def):
		return nil
	case len(v) == 0:
		return []line{{`""`, true}}
	}
	return []line{{k.get(field), true}}
}

// savePoints is save. Every line of a file adds to it; whoever begins anew clears it first.
type savePoints struct{}

// defaultSave never changes.
var defaultSave = []SavePoint{{3600, 1}, {300, 100}, {60, 10000}}

func (savePoints) reset(field any) { *field.(*[]SavePoint) = defaultSave }

func (savePoints) set(field any, args []string) error {
	points := field.(*[]SavePoint)
	if len(args) == 1 && args[0] == "" {
		*points = nil
		return nil
	}
	if len(args)%2 != 0 {
		return errSave
	}
	all := slices.Clone(*points)
	for i := 0; i < len(args); i += 2 {
		seconds, errS := strconv.ParseInt(args[i], 10, 64)
		changes, errC := strconv.ParseInt(args[i+1], 10, 32)
		if errS != nil || errC != nil || seconds < 1 || changes < 0 {
			return errSave
		}
		all = append(all, SavePoint{seconds, changes})
	}
	*points = all
	return nil
}

const errSave = refusal("Invalid save parameters")

func (savePoints) get(field any) string {
	var words []string
	for _, p := range *field.(*[]SavePoint) {
		words = append(words, strconv.FormatInt(p.Seconds, 10), strconv.FormatInt(p.Changes, 10))
	}
	return strings.Join(words, " ")
}

// lines is forced: without a line the defaults would come back.
func (k savePoints) lines(field any) []line {
	if len(*field.(*[]SavePoint)) == 0 {
		return []line{{`""`, true}}
	}
	return []line{{k.get(field), true}}
}

// outputLimits is client-output-buffer-limit: a line names the classes that it changes.
type outputLimits struct{}

var defaultOutputLimits = [OutputClassCount]OutputLimit{
	OutputReplica: {256 << 20, 64 << 20, 60},
	OutputPubsub:  {32 << 20, 8 << 20, 60},
}

func (outputLimits) reset(field any) { *field.(*[OutputClassCount]OutputLimit) = defaultOutputLimits }

func (outputLimits) set(field any, args []string) error {
	limits := field.(*[OutputClassCount]OutputLimit)
	if len(args)%4 != 0 {
		return refusal("Wrong number of arguments in buffer limit configuration.")
	}
	for ; len(args) > 0; args = args[4:] {
		class, ok := outputClass(args[0])
		if !ok {
			return refusal("Invalid client class specified in buffer limit configuration.")
		}
		hard, okHard := ParseMemory(args[1])
		soft, okSoft := ParseMemory(args[2])
		seconds, err := strconv.ParseInt(args[3], 10, 32)
		if !okHard || !okSoft || hard > math.MaxInt64 || soft > math.MaxInt64 || err != nil || seconds < 0 {
			return refusal("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		limits[class] = OutputLimit{int64(hard), int64(soft), seconds}
	}
	return nil
}

// outputClass knows the old word for a replica too, which is the one that CONFIG GET shows.
func outputClass(name string) (OutputClass, bool) {
	if strings.EqualFold(name, "slave") {
		return OutputReplica, true
	}
	i, ok := findWord(outputClassNames, name)
	return OutputClass(i), ok
}

var outputClassNames = []string{"normal", "replica", "pubsub"}

func (outputLimits) get(field any) string {
	var words []string
	for class, l := range field.(*[OutputClassCount]OutputLimit) {
		name := outputClassNames[class]
		if OutputClass(class) == OutputReplica {
			name = "slave"
		}
		words = append(words, name, strconv.FormatInt(l.Hard, 10), strconv.FormatInt(l.Soft, 10),
			strconv.FormatInt(l.SoftSeconds, 10))
	}
	return strings.Join(words, " ")
}

func (outputLimits) lines(field any) []line {
	var all []line
	for class, l := range field.(*[OutputClassCount]OutputLimit) {
		text := strings.Join([]string{outputClassNames[class], formatMemory(uint64(l.Hard)), formatMemory(uint64(l.Soft)),
			strconv.FormatInt(l.SoftSeconds, 10)}, " ")
		all = append(all, line{text, l != defaultOutputLimits[class]})
	}
	return all
}

// oomScores is oom-score-adj-values.
type oomScores struct{ def [3]int64 }

func (k oomScores) reset(field any) { *field.(*[3]int64) = k.def }

func (k oomScores) set(field any, args []string) error {
	v := field.(*[3]int64)
	if len(args) != len(v) {
		return errArgCount
	}
	for i, arg := range args {
		score, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || score < -2000 || score > 2000 {
			return refusal("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
		}
		v[i] = score
	}
	return nil
}

func (k oomScores) get(field any) string {
	var words []string
	for _, score := range field.(*[3]int64) {
		words = append(words, strconv.FormatInt(score, 10))
	}
	return strings.Join(words, " ")
}

func (k oomScores) lines(field any) []line {
	return []line{{k.get(field), *field.(*[3]int64) != k.def}}
}

// events is notify-keyspace-events.
type events struct{}

func (events) reset(field any) { *field.(*NotifyFlags) = 0 }

func (events) set(field any, args []string) error {
	flags, ok := parseNotify(args[0])
	if !ok {
		return refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
	}
	*field.(*NotifyFlags) = flags
	return nil
}

func (events) get(field any) string { return field.(*NotifyFlags).String() }

func (events) lines(field any) []line {
	v := *field.(*NotifyFlags)
	text := v.String()
	if v&NotifyAll == NotifyAll && v&NotifyNew != 0 {
		text += "n" // which String leaves out, but a file must not lose
	}
	return []line{{quote(text), v != 0}}
}

// shutdownOptions is shutdown-on-sigint and shutdown-on-sigterm.
type shutdownOptions struct{}

func (shutdownOptions) reset(field any) { *field.(*ShutdownFlags) = 0 }

func (shutdownOptions) set(field any, args []string) error {
	words := make([]string, len(shutdownWords))
	for i, w := range shutdownWords {
		words[i] = w.word
	}
	if len(args) == 0 {
		return errNotOneOf(words)
	}
	var flags ShutdownFlags
	for _, arg := range args {
		i, ok := findWord(words, arg)
		if !ok {
			return errNotOneOf(words)
		}
		flags |= shutdownWords[i].flag
	}
	if flags&ShutdownSave != 0 && flags&ShutdownNosave != 0 {
		return refusal("shutdown options SAVE and NOSAVE can't be used simultaneously")
	}
	*field.(*ShutdownFlags) = flags
	return nil
}

func (shutdownOptions) get(field any) string { return field.(*ShutdownFlags).String() }

func (k shutdownOptions) lines(field any) []line {
	return []line{{k.get(field), *field.(*ShutdownFlags) != 0}}
}

// primary is replicaof.
type primary struct{}

func (primary) reset(field any) { *field.(*HostPort) = HostPort{} }

func (primary) set(field any, args []string) error {
	if len(args) != 2 {
		return errArgCount
	}
	if strings.EqualFold(args[0], "no") && strings.EqualFold(args[1], "one") {
		*field.(*HostPort) = HostPort{}
		return nil
	}
	port, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil || port < 0 || port > portMax {
		return refusal("Invalid primary port")
	}
	if !plainWord(args[0]) {
		return refusal("Invalid primary host")
	}
	*field.(*HostPort) = HostPort{args[0], port}
	return nil
}

func (primary) get(field any) string {
	v := field.(*HostPort)
	if v.Host == "" {
		return ""
	}
	return v.Host + " " + strconv.FormatInt(v.Port, 10)
}

func (k primary) lines(field any) []line {
	if v := k.get(field); v != "" {
		return []line{{v, true}}
	}
	return nil
}

// percentiles is latency-tracking-info-percentiles.
type percentiles struct{}

// defaultPercentiles never changes.
var defaultPercentiles = []float64{50, 99, 99.9}

func (percentiles) reset(field any) { *field.(*[]float64) = defaultPercentiles }

func (percentiles) set(field any, args []string) error {
	if len(args) == 1 && args[0] == "" {
		args = nil
	}
	values := make([]float64, len(args))
	for i, arg := range args {
		v, err := strconv.ParseFloat(arg, 64)
		if err != nil || math.IsNaN(v) {
			return refusal("Invalid latency-tracking-info-percentiles parameters")
		}
		if v < 0 || v > 100 {
			return refusal("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		values[i] = v
	}
	*field.(*[]float64) = values
	return nil
}

func (percentiles) get(field any) string {
	var words []string
	for _, v := range *field.(*[]float64) {
		word := strconv.FormatFloat(v, 'f', 6, 64)
		words = append(words, strings.TrimSuffix(strings.TrimRight(word, "0"), "."))
	}
	return strings.Join(words, " ")
}

// lines is forced: without a line the defaults would come back.
func (k percentiles) lines(field any) []line {
	if v := k.get(field); v != "" {
		return []line{{v, true}}
	}
	return []line{{`""`, true}}
}

package admin

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// LolWut draws something and tells the version. The pictures are our own; the arguments of each version, and the last
// words of the reply, are Valkey's.
var LolWut = engine.Command{
	Spec: command.Spec{
		Name: "lolwut", Group: command.GroupServer, Since: "5.0.0",
		Summary: "Draws a picture and tells the server's version.",
		Arity:   -1,
		Flags:   command.Readonly | command.Fast,
		Args:    []command.Arg{command.Int("version").Tok("VERSION").Opt()},
	},
	Run: lolwut,
}

func lolwut(c *engine.Call) error {
	args, version := c.Argv[1:], int64(9)
	if len(args) >= 2 && c.Is(1, "version") {
		var err error
		if version, err = c.Int(2); err != nil {
			return err
		}
		args = args[2:]
	}
	var picture string
	var err error
	switch version {
	case 5:
		picture, err = drawing(c, args, []size{{66, 1, 1000}, {8, 1, 200}, {12, 1, 200}}, drawTiles)
	case 6:
		picture, err = drawing(c, args, []size{{80, 1, 1000}, {20, 1, 1000}}, drawHills)
	case 9:
		picture, err = waves(c, args)
	}
	if err != nil {
		return err
	}
	c.Reply.Verbatim("txt", picture+versionLine(c))
	return nil
}

func versionLine(c *engine.Call) string {
	if c.Config.ExtendedRedisCompatibility {
		return "Redis ver. " + session.RedisVersion + "\n"
	}
	return "Valkey ver. " + c.Host.Facts().Version + "\n"
}

// size is an argument that is a number of things to draw: brought within limits, so that no picture takes long.
type size struct{ value, low, high int64 }

// drawing reads up to len(sizes) numbers and draws with them.
func drawing(c *engine.Call, args [][]byte, sizes []size, draw func(*engine.Call, []size) string) (string, error) {
	for i := range min(len(args), len(sizes)) {
		n, ok := resp.ParseInt(args[i])
		if !ok {
			return "", engine.ErrNotInteger
		}
		sizes[i].value = min(max(n, sizes[i].low), sizes[i].high)
	}
	return draw(c, sizes), nil
}

// drawTiles lays diagonal strokes at random, as home computers of one line of BASIC did: columns, then how many
// tiles there are in a row and in a column.
func drawTiles(c *engine.Call, s []size) string {
	columns, across, down := int(s[0].value), int(s[1].value), int(s[2].value)
	width := max(columns/across, 1)
	strokes := [...]string{"╱", "╲"}
	var b strings.Builder
	for range down {
		row := make([]string, 0, across)
		for range across {
			row = append(row, strings.Repeat(strokes[c.Rand.IntN(len(strokes))], width))
		}
		b.WriteString(strings.Join(row, "") + "\n")
	}
	return b.String() + "\nA maze out of two strokes and chance. "
}

// drawHills draws ranges of hills, the far ones lighter: columns and rows.
func drawHills(c *engine.Call, s []size) string {
	columns, rows := int(s[0].value), int(s[1].value)
	shades := [...]byte{'.', ':', '#'}
	height := make([][len(shades)]int, columns)
	for layer := range shades {
		phase, bend := c.Rand.Float64()*2*math.Pi, 0.04+0.08*c.Rand.Float64()
		base := float64(rows) * (0.75 - 0.25*float64(layer))
		for x := range height {
			height[x][layer] = int(base + base/3*math.Sin(phase+bend*float64(x)))
		}
	}
	var b strings.Builder
	for y := rows; y > 0; y-- {
		for x := range columns {
			mark := byte(' ')
			for layer, shade := range shades {
				if y <= height[x][layer] {
					mark = shade
				}
			}
			b.WriteByte(mark)
		}
		b.WriteByte('\n')
	}
	return b.String() + "\nHills behind hills. "
}

// waves draws the interference of two round waves: columns and rows, then where on the page the second one comes from.
func waves(c *engine.Call, args [][]byte) (string, error) {
	if len(args) == 1 || len(args) == 3 || len(args) > 4 {
		return "", engine.Errorf("Syntax error. Use: LOLWUT [columns rows] [real imaginary]")
	}
	x0, y0 := c.Rand.Float64()*2-1, c.Rand.Float64()*2-1
	if len(args) == 4 {
		for _, a := range args[:2] { // whose fault is told first
			if _, ok := resp.ParseInt(a); !ok {
				return "", engine.ErrNotInteger
			}
		}
		for i, v := range []*float64{&x0, &y0} {
			f, err := strconv.ParseFloat(string(args[2+i]), 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
				return "", engine.ErrNotFloat
			}
			*v = f
		}
		args = args[:2]
	}
	return drawing(c, args, []size{{80, 1, 160}, {40, 1, 80}}, func(_ *engine.Call, s []size) string {
		return drawWaves(int(s[0].value), int(s[1].value), x0, y0)
	})
}

func drawWaves(columns, rows int, x0, y0 float64) string {
	const marks = " .:-=+*%#@"
	const far = 1e3 // beyond it, waves are straight
	sourceX, sourceY := min(max(x0, -far), far), min(max(y0, -far), far)
	var b strings.Builder
	for i := range rows {
		for j := range columns {
			x, y := 4*(float64(j)+0.5)/float64(columns)-2, 2-4*(float64(i)+0.5)/float64(rows)
			sum := math.Sin(9*math.Hypot(x, y)) + math.Sin(9*math.Hypot(x-sourceX, y-sourceY)) // -2 to 2
			b.WriteByte(marks[min(int((sum+2)/4*float64(len(marks))), len(marks)-1)])
		}
		b.WriteByte('\n')
	}
	return b.String() + fmt.Sprintf("Two waves meet, the second one from %.2f + %.2fi.\n", x0, y0)
}

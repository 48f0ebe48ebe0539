package rdb

import "hash/crc64"

// jones is the polynomial of the format, reversed.
var jones = crc64.MakeTable(0x95ac9329ac4bc9b5)

// Checksum continues the format's CRC over p. It begins with 0 and inverts nothing, unlike the standard library's.
func Checksum(sum uint64, p []byte) uint64 { return ^crc64.Update(^sum, jones, p) }

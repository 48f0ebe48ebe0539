package rdb

// Compressor is the compressor, for tests.
type Compressor = compressor

// Compress appends the compressed form of src.
func (z *compressor) Compress(dst, src []byte, limit int) ([]byte, bool) {
	return z.compress(dst, src, limit)
}

// SetBase brings the compressor near the place where it begins anew.
func (z *compressor) SetBase(base uint32) { z.base = base }

// Decompress fills dst from src.
func Decompress(dst, src []byte) bool { return decompress(dst, src) }

// The bound of what compressed bytes can become.
const RatioMax = lzfRatioMax

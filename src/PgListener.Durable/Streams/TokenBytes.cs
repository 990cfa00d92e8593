namespace PgListener.Durable.Streams;

/// <summary>Numbers from 0 up as bytes: seven bits in each, the lowest first, and the eighth says that another follows.</summary>
/// <param name="given">The bytes to read; none to write.</param>
internal sealed class TokenBytes(byte[]? given = null)
{
    private readonly List<byte> _bytes = [.. given ?? []];
    private int _next;

    public byte[] Written => [.. _bytes];

    public bool IsAtEnd => _next == _bytes.Count;

    public void Add(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    public void Add(long number)
    {
        for (; number >= 0x80; number >>= 7)
            _bytes.Add((byte)(number | 0x80));
        _bytes.Add((byte)number);
    }

    /// <summary>Reads bytes that have to be there.</summary>
    public bool TryTake(ReadOnlySpan<byte> expected)
    {
        foreach (var one in expected)
        {
            if (IsAtEnd || _bytes[_next++] != one)
                return false;
        }

        return true;
    }

    /// <summary>Reads a number.</summary>
    public bool TryTake(out long number)
    {
        number = 0;
        for (var shift = 0; shift < 63 && !IsAtEnd; shift += 7)
        {
            var next = _bytes[_next++];
            number |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
                return true;
        }

        return false;
    }
}

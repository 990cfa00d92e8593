using System.Buffers;
using System.Data.Common;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace PgListener.Publishing;

/// <summary>An array of texts as PostgreSQL reads it from text: <c>{"a","b"}</c>, every element quoted.</summary>
internal sealed class ArrayLiteral
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create('"', '\\');

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;

    /// <summary>The text, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8 => _buffer.AsMemory(0, _length);

    /// <summary>Writes the array.</summary>
    /// <param name="notifications">Where the elements come from.</param>
    /// <param name="select">Takes the element.</param>
    public static ArrayLiteral Of(IReadOnlyList<Outgoing> notifications, Func<Outgoing, string> select)
    {
        var literal = new ArrayLiteral();
        literal.Append("{");
        for (var i = 0; i < notifications.Count; i++)
        {
            literal.Append(i == 0 ? "\"" : ",\"");
            literal.AppendEscaped(select(notifications[i]));
            literal.Append("\"");
        }

        literal.Append("}");
        return literal;
    }

    /// <summary>Creates a parameter.</summary>
    /// <param name="isUtf8">Whether the connection uses UTF-8. If not, Npgsql has to convert, which it does only for strings.</param>
    public DbParameter ToParameter(bool isUtf8) => isUtf8
        ? new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = Utf8, NpgsqlDbType = NpgsqlDbType.Text }
        : new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(Utf8.Span), NpgsqlDbType = NpgsqlDbType.Text };

    /// <summary>Returns the memory, which must not be read afterwards.</summary>
    public void GiveBack()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    private void AppendEscaped(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAny(Escaped) is >= 0 and var next)
        {
            Append(text[..next]);
            Append("\\");
            Append(text.Slice(next, 1));
            text = text[(next + 1)..];
        }

        Append(text);
    }

    private void Append(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > _buffer.Length - _length)
            Grow(most);
        _length += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_length));
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + needed));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

using System.Buffers;

namespace PgListener.Publishing;

/// <summary>An array of texts as PostgreSQL reads it from text: <c>{"a","b"}</c>, every element quoted.</summary>
internal sealed class ArrayLiteral
{
    private static readonly SearchValues<char> Escaped = SearchValues.Create('"', '\\');

    private char[] _buffer = ArrayPool<char>.Shared.Rent(1024);
    private int _length;

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<char> Text => _buffer.AsMemory(0, _length);

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

    /// <summary>Lets others use the memory. Nobody may read <see cref="Text"/> any more.</summary>
    public void GiveBack()
    {
        ArrayPool<char>.Shared.Return(_buffer);
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
        if (text.Length > _buffer.Length - _length)
            Grow(text.Length);
        text.CopyTo(_buffer.AsSpan(_length));
        _length += text.Length;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + needed));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<char>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

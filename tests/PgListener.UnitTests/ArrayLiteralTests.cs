using System.Text;
using PgListener.Publishing;

namespace PgListener.UnitTests;

public class ArrayLiteralTests
{
    [Fact]
    public void Every_element_is_quoted_and_what_would_end_it_is_escaped()
    {
        string[] payloads = ["", "a", "NULL", "{}", "a,b", " ", "\"", "\\", "\\\"", "x\"y\\z", "é\ud83d\ude00\r\n\t"];
        var literal = ArrayLiteral.Of([.. payloads.Select(payload => new Outgoing("c", payload))], static notification => notification.Payload);
        Assert.Equal("""{"","a","NULL","{}","a,b"," ","\"","\\","\\\"","x\"y\\z","é😀""" + "\r\n\t\"}", Encoding.UTF8.GetString(literal.Utf8.Span));
    }

    [Fact]
    public void It_grows()
    {
        var payload = new string('"', 7_999);
        var literal = ArrayLiteral.Of([.. Enumerable.Repeat(new Outgoing("c", payload), 100)], static notification => notification.Payload);
        Assert.Equal("{" + string.Join(',', Enumerable.Repeat("\"" + payload.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"", 100)) + "}", Encoding.UTF8.GetString(literal.Utf8.Span));
    }
}

using PgListener.Connections;


namespace PgListener.UnitTests;

public class ChannelNameTests
{
    [Theory]
    [InlineData("orders", "\"orders\"")]
    [InlineData("My Orders", "\"My Orders\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("x\"; drop table t; --", "\"x\"\"; drop table t; --\"")]
    public void Quotes(string name, string quoted) => Assert.Equal(quoted, ChannelName.Quote(name));

    public static TheoryData<string> Valid => new("a", new string('x', 63), new string('ä', 31), "😀😀😀", "$1", "a.b", " ");

    public static TheoryData<string> Invalid => new("", new string('x', 64), new string('ä', 32), "a\0b", "\0", "half \ud83d");

    [Theory]
    [MemberData(nameof(Valid))]
    public void Accepts(string name) => ChannelName.ThrowIfInvalid(name);

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Refuses(string name) => Assert.Throws<ArgumentException>(() => ChannelName.ThrowIfInvalid(name));

    [Fact]
    public void Says_how_long_a_name_is_that_is_too_long()
        => Assert.Contains("at most 63 bytes long in UTF-8, but this one has 64", Assert.Throws<ArgumentException>(() => ChannelName.ThrowIfInvalid(new('ä', 32))).Message, StringComparison.Ordinal);
}

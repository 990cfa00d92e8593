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

    [Theory]
    [InlineData("a\0b", "'a\\u0000b'")]
    [InlineData("line\nbreak\0", "'line\\u000abreak\\u0000'")]
    [InlineData("", "empty")]
    public async Task A_wrong_name_is_named_in_a_way_that_can_be_read(string name, string shown)
    {
        await using var listener = new Listener("Host=nowhere");
        Func<Task>[] uses =
        [
            () => listener.AddChannelAsync(name, cancellationToken: TestContext.Current.CancellationToken),
            () => listener.AddCallbackAsync(name, (_, _) => Task.CompletedTask, cancellationToken: TestContext.Current.CancellationToken),
            () => listener.SubscribeAsync(name, (_, _) => Task.CompletedTask, cancellationToken: TestContext.Current.CancellationToken),
            () => listener.ClearChannelCallbacksAsync(name, cancellationToken: TestContext.Current.CancellationToken),
        ];
        foreach (var use in uses)
            Assert.Contains(shown, (await Assert.ThrowsAsync<ArgumentException>(use)).Message, StringComparison.Ordinal);
        Assert.InRange(Assert.Throws<ArgumentException>(() => ChannelName.ThrowIfInvalid(new('x', 100_000))).Message.Length, 1, 300);
    }
}

namespace PgListener.Durable.Tests.Publishing;

/// <summary>What is refused before the server sees anything, so that the caller's transaction can go on.</summary>
public sealed class PublishLimitTests(ServerFixture server)
{
    private const string LoneSurrogate = "\ud800";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string?, string> Invalid => new()
    {
        { new('é', 6), null, "The payload for channel 'orders' has 12 bytes in UTF-8, but MaxPayloadBytes allows at most 11. Raise MaxPayloadBytes" },
        { LoneSurrogate, null, "The payload for channel 'orders' is not valid Unicode" },
        { "a", new('é', 128), "Order.KeyOf returned a key of 256 bytes in UTF-8, but at most 255 are allowed" },
        { "a", "k\0", "Order.KeyOf returned a key with the character NUL" },
        { "a", LoneSurrogate, "Order.KeyOf returned a key that is not valid Unicode" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public async Task An_invalid_message_leaves_the_transaction_as_it_was(string payload, string? key, string message)
    {
        await using var kit = await PublishingKit.CreateAsync(server, durable: new() { MaxPayloadBytes = 11 });
        await using var connection = await kit.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await kit.Publisher.PublishAsync(new Order("before"), transaction, Cancellation);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => kit.Publisher.PublishManyAsync([new Order("valid"), new Order(payload, key)], transaction, Cancellation));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(["before"], await kit.PayloadsAsync());
    }

    [Fact]
    public async Task What_is_just_within_the_limits_is_written()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        var order = new Order(new('x', 1024 * 1024), new string('é', 127) + "x");
        await kit.Publisher.PublishAsync(order, Cancellation);
        var row = Assert.Single(await kit.RowsAsync());
        Assert.Equal((order.Text, order.Key), (row.Payload, row.Key));
    }

    [Fact]
    public async Task A_payload_may_have_the_character_nul()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await kit.Publisher.PublishAsync(new Order("a\0b"), Cancellation);
        Assert.Equal("a\0b"u8.ToArray(), await kit.Database.QueryAsync<byte[]>("select payload from pglistener.message"));
    }

    [Fact]
    public async Task The_name_of_the_channel_is_checked()
    {
        await using var kit = await PublishingKit.CreateAsync(server);
        await Assert.ThrowsAsync<ArgumentException>(() => kit.Publisher.PublishAsync(new Misnamed("a"), Cancellation));
    }

    public sealed record Misnamed(string Text) : IDurableChannel<Misnamed>
    {
        public static string ChannelName => "";

        public static Misnamed Parse(string payload) => new(payload);

        public static string Format(Misnamed value) => value.Text;
    }
}

using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Names and payloads at the edges of what PostgreSQL allows arrive as they were sent.</summary>
public class ChannelAndPayloadTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Names => new(
        "MixedCase", "with \"quotes\" and 'apostrophes'", "$1", "@p :p $tag$", "schema.table", "semi;colon -- comment /* */", "line\nbreak", "😀", "ütf-8");

    public static TheoryData<string> Refused => new("", new string('x', 64), new string('ä', 32), "a\0b", "half \ud83d");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_name_of_any_characters(string name) => await RoundTripAsync(Unique(name));

    [Theory]
    [InlineData("x")]
    [InlineData("ä")]
    public async Task A_name_of_63_bytes(string filler)
    {
        var name = Unique("");
        while (System.Text.Encoding.UTF8.GetByteCount(name + filler) <= 63)
            name += filler;
        await RoundTripAsync(name.PadRight(name.Length + 63 - System.Text.Encoding.UTF8.GetByteCount(name), 'y'));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_name_that_the_server_would_not_take_as_it_is_never_reaches_it(string name)
    {
        await using var listener = server.Sender.CreateListener();
        for (var started = 0; started < 2; started++)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => listener.AddCallbackAsync(name, (_, _) => Task.CompletedTask, Cancellation));
            await Assert.ThrowsAsync<ArgumentException>(() => listener.SubscribeAsync(name, (_, _) => Task.CompletedTask, cancellationToken: Cancellation));
            await Assert.ThrowsAsync<ArgumentException>(() => listener.AddChannelAsync(name, Cancellation));
            await Assert.ThrowsAsync<ArgumentException>(() => listener.ClearChannelCallbacksAsync(name, Cancellation));
            if (started == 0)
                await listener.StartAsync(Cancellation);
        }

        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => listener.AddChannelAsync(null!, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => listener.AddCallbackAsync("c", null!, Cancellation));
    }

    [Fact]
    public async Task Upper_and_lower_case_are_different_channels()
    {
        var channel = NewChannel() + "_Case";
        var (upper, lower) = (new Received<string>(), new Received<string>());
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel.ToUpperInvariant()[..40], upper.Payloads(), Cancellation);
        await listener.AddCallbackAsync(channel.ToLowerInvariant()[..40], lower.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await server.NotifyAsync(channel.ToUpperInvariant()[..40], "upper");
        await server.NotifyAsync(channel.ToLowerInvariant()[..40], "lower");
        Assert.Equal("upper", await upper.NextAsync());
        Assert.Equal("lower", await lower.NextAsync());
        Assert.Equal((0, 0), (upper.Waiting, lower.Waiting));
    }

    [Fact]
    public async Task Payloads_at_the_edges()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = server.Sender.CreateListener();
        await listener.AddCallbackAsync(channel, received.Payloads(), Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();

        string[] payloads = ["", new('x', 7999), new('ä', 3999), "😀 \"quoted\" 'single' \\ back\r\nline\t$1", "{\"id\":1}", " "];
        await server.NotifyAsync(channel, payloads);
        Assert.Equal(payloads, await received.NextAsync(payloads.Length, seconds: 20));
        var error = await Assert.ThrowsAsync<PostgresException>(() => server.NotifyAsync(channel, new string('x', 8000)));
        Assert.Equal("22023", error.SqlState);
    }

    [Fact]
    public async Task A_channel_the_server_cannot_spell_is_refused_alone()
    {
        var database = $"latin_{Guid.NewGuid():n}"[..20];
        await using (var create = server.Sender.CreateCommand($"create database {database} encoding 'LATIN1' locale 'C' template template0"))
            await create.ExecuteNonQueryAsync(Cancellation);

        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database }.ConnectionString;
        await using var sender = NpgsqlDataSource.Create(connectionString);
        await using (var listener = new Listener(connectionString))
        {
            var received = new Received<string>();
            await listener.AddCallbackAsync("ordinary", received.Payloads(), Cancellation);
            await listener.AddChannelAsync("wished before the start 😀", Cancellation);
            await listener.StartAsync(Cancellation);
            listener.Listen();

            var refused = listener.AddCallbackAsync("😀", received.Payloads(), Cancellation);
            var accepted = listener.AddCallbackAsync("ä", received.Payloads(), Cancellation);
            Assert.Equal("22P05", (await Assert.ThrowsAsync<PostgresException>(() => refused.SoonAsync())).SqlState);
            await accepted.SoonAsync();
            Assert.Equal(["ordinary", "ä"], (await listener.GetListeningChannelsAsync(Cancellation)).Order(StringComparer.Ordinal));
            Assert.Equal(ListenerState.Listening, listener.State);

            await using var notify = sender.CreateCommand("select pg_notify('ordinary', 'heard')");
            await notify.ExecuteNonQueryAsync(Cancellation);
            Assert.Equal("heard", await received.NextAsync());
        }

        await sender.DisposeAsync();
        await using var drop = server.Sender.CreateCommand($"drop database {database} with (force)");
        await drop.ExecuteNonQueryAsync(Cancellation);
    }

    private static string Unique(string name) => $"{Guid.NewGuid():n}"[..8] + name;

    private async Task RoundTripAsync(string name)
    {
        var received = new Received<NotificationContext>();
        await using var listener = server.Sender.CreateListener();
        await listener.StartAsync(Cancellation);
        listener.Listen();
        await listener.AddCallbackAsync(
            name,
            (context, _) =>
            {
                received.Add(context);
                return Task.CompletedTask;
            },
            Cancellation);
        Assert.Equal([name], await listener.GetListeningChannelsAsync(Cancellation));
        await server.NotifyAsync(name, "payload");
        var context = await received.NextAsync();
        Assert.Equal((name, "payload"), (context.Channel, context.Payload));

        await listener.ClearChannelCallbacksAsync(name, Cancellation);
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }
}

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>Several applications on one database, kept apart by a prefix of their channels; and channels whose names are chosen at registration.</summary>
public class ChannelPrefixTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private sealed record Placed(int Id) : IJsonNotificationChannel<Placed>
    {
        public static string ChannelName { get; } = NewChannel("prefixed");
    }

    private sealed class PlacedHandler(Received<Notification<Placed>> received) : INotificationHandler<Placed>
    {
        public Task HandleAsync(Notification<Placed> notification, CancellationToken cancellationToken)
        {
            received.Add(notification);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Applications_with_different_prefixes_do_not_hear_each_other()
    {
        var (hereReceived, thereReceived) = (new Received<Notification<Placed>>(), new Received<Notification<Placed>>());
        await using var here = await StartAsync("here_", hereReceived);
        await using var there = await StartAsync("there_", thereReceived);

        await PublisherOf(here).PublishAsync(new Placed(1), Cancellation);
        await PublisherOf(there).PublishAsync(new Placed(2), Cancellation);
        await server.NotifyAsync(Placed.ChannelName, """{"id":3}""");
        await server.NotifyAsync("here_" + Placed.ChannelName, """{"id":4}""");
        await server.NotifyAsync("there_" + Placed.ChannelName, """{"id":5}""");

        Assert.Equal([1, 4], (await hereReceived.NextAsync(2, seconds: 20)).Select(notification => notification.Value.Id));
        Notification<Placed>[] others = await thereReceived.NextAsync(2, seconds: 20);
        Assert.Equal([2, 5], others.Select(notification => notification.Value.Id));
        Assert.All(others, notification => Assert.Equal(Placed.ChannelName, notification.Channel));
    }

    [Fact]
    public async Task What_is_subscribed_and_read_by_name_has_the_prefix_too_and_does_not_show_it()
    {
        var channel = NewChannel();
        var received = new Received<string>();
        await using var listener = new Listener(server.ConnectionString, new() { ChannelPrefix = "test:" });
        await using var publisher = new NotificationPublisher(server.ConnectionString, new() { ChannelPrefix = "test:" });
        await listener.AddCallbackAsync(channel, (context, _) => { received.Add($"callback {context.Channel}"); return Task.CompletedTask; }, Cancellation);
        await listener.AddChannelAsync(channel + "_2", Cancellation);
        await listener.StartAsync(Cancellation);
        listener.Listen();
        Assert.Equal([channel, channel + "_2"], (await listener.GetListeningChannelsAsync(Cancellation)).Order(StringComparer.Ordinal));
        Assert.Equal(channel, Assert.Single(listener.GetStatistics()).Channel);

        await using var all = listener.GetAsyncEnumerator(Cancellation);
        var next = all.MoveNextAsync();
        await publisher.PublishAsync(channel, "x", Cancellation);
        await server.NotifyAsync("test:" + channel + "_2", "y");
        Assert.Equal($"callback {channel}", await received.NextAsync());
        Assert.True(await next.AsTask().SoonAsync());
        Assert.Equal((channel, "x"), (all.Current.Channel, all.Current.Payload));
        Assert.True(await all.MoveNextAsync().AsTask().SoonAsync());
        Assert.Equal((channel + "_2", "y"), (all.Current.Channel, all.Current.Payload));

        await listener.ClearChannelCallbacksAsync(channel, Cancellation);
        await listener.ClearChannelCallbacksAsync(channel + "_2", Cancellation);
        Assert.Empty(await listener.GetListeningChannelsAsync(Cancellation));
    }

    [Fact]
    public async Task A_name_that_is_too_long_with_the_prefix_is_refused_before_the_server_would_cut_it_short()
    {
        var options = new ListenerOptions { ChannelPrefix = "environment_" };
        await using var listener = new Listener(server.ConnectionString, options);
        await using var publisher = new NotificationPublisher(server.ConnectionString, new() { ChannelPrefix = "environment_" });
        var name = new string('x', 52);
        foreach (Func<Task> use in new Func<Task>[] { () => listener.AddChannelAsync(name, Cancellation), () => publisher.PublishAsync(name, "", Cancellation) })
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(use);
            Assert.Contains($"'{name}' has 64 with the prefix 'environment_' before it. Shorten ChannelPrefix or the name.", error.Message, StringComparison.Ordinal);
        }

        await listener.AddChannelAsync(name[1..], Cancellation);
    }

    [Fact]
    public async Task The_prefix_of_a_hosted_listener_is_a_setting_that_its_publisher_shares()
    {
        await using var host = new TestHost(server.ConnectionString);
        host.Configuration["PgListener:ChannelPrefix"] = new string('x', 63);
        host.Services.AddPgListener();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(host.StartAsync);
        Assert.Contains("PgListener:ChannelPrefix must be at most 62 bytes", error.Message, StringComparison.Ordinal);

        var received = new Received<Notification<Placed>>();
        await using var other = new TestHost(server.ConnectionString);
        other.Configuration["PgListener:ChannelPrefix"] = "listener_";
        other.Configuration["PgListener:Publisher:ChannelPrefix"] = "publisher_";
        other.Services.AddSingleton(received).AddPgListener().AddHandler<Placed, PlacedHandler>();
        await other.StartListeningAsync();
        var sent = new Received<string>();
        await using var ear = new Listener(server.ConnectionString);
        await ear.AddCallbackAsync("publisher_" + Placed.ChannelName, sent.Payloads(), Cancellation);
        await ear.StartAsync(Cancellation);
        ear.Listen();
        await PublisherOf(other).PublishAsync(new Placed(6), Cancellation);
        Assert.Equal("""{"id":6}""", await sent.NextAsync());
        await server.NotifyAsync("listener_" + Placed.ChannelName, """{"id":7}""");
        Assert.Equal(7, (await received.NextAsync()).Value.Id);
    }

    [Fact]
    public async Task A_channel_can_have_another_name_than_its_type_says()
    {
        var name = NewChannel();
        var received = new Received<Notification<Placed>>();
        await using var host = new TestHost(server.ConnectionString);
        host.Configuration["PgListener:ChannelPrefix"] = "p_";
        host.Services.AddSingleton(received).AddPgListener().AddHandler<Placed, PlacedHandler>().MapChannel<Placed>(name);
        await host.StartListeningAsync();
        Assert.Equal(name, host.Listener.ChannelNameOf<Placed>());

        await using var subscription = await host.Listener.SubscribeAsync<Placed>(
            (notification, _) =>
            {
                received.Add(notification);
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
        await using var stream = host.Listener.ReadItemsAsync<Placed>(cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await stream.MoveNextAsync().AsTask().SoonAsync());
        Assert.True(stream.Current.IsGap(out _));

        await server.NotifyAsync("p_" + Placed.ChannelName, """{"id":8}""");
        await PublisherOf(host).PublishAsync(new Placed(9), Cancellation);
        Notification<Placed>[] heard = await received.NextAsync(2, seconds: 20);
        Assert.True(await stream.MoveNextAsync().AsTask().SoonAsync());
        Assert.All([.. heard, stream.Current.Notification], notification => Assert.Equal((9, name), (notification.Value.Id, notification.Channel)));

        await using var transaction = await (await server.Sender.OpenConnectionAsync(Cancellation)).BeginTransactionAsync(Cancellation);
        await PublisherOf(host).PublishAsync(new Placed(10), (NpgsqlTransaction)transaction, Cancellation);
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(10, (await received.NextAsync()).Value.Id);
    }

    [Fact]
    public void A_name_that_cannot_be_one_is_refused_where_it_is_chosen()
    {
        var builder = new ServiceCollection().AddPgListener();
        Assert.Throws<ArgumentException>(() => builder.MapChannel<Placed>(""));
        Assert.Throws<ArgumentException>(() => new NotificationPublisherOptions().MapChannel<Placed>(new('x', 64)));
    }

    private static INotificationPublisher PublisherOf(TestHost host) => host.Host.Services.GetRequiredService<INotificationPublisher>();

    private async Task<TestHost> StartAsync(string prefix, Received<Notification<Placed>> received)
    {
        var host = new TestHost(server.ConnectionString);
        host.Services.AddSingleton(received).AddPgListener(options => options.ChannelPrefix = prefix).AddHandler<Placed, PlacedHandler>();
        await host.StartListeningAsync();
        return host;
    }
}

using System.ComponentModel.DataAnnotations;

namespace PgListener.UnitTests;

public class OptionsTests
{
    public static TheoryData<string, ListenerOptions> Wrong => new()
    {
        { "ChannelPrefix", new() { ChannelPrefix = new('x', 63) } },
        { "ChannelPrefix", new() { ChannelPrefix = "a\0" } },
        { "ChannelPrefix", new() { ChannelPrefix = "half \ud83d" } },
        { "ChannelPrefix", new() { ChannelPrefix = "Host=h;Password=p" } },
        { "ChannelPrefix", new() { ChannelPrefix = null! } },
        { "KeepAlive", new() { KeepAlive = TimeSpan.FromMilliseconds(999) } },
        { "KeepAlive", new() { KeepAlive = TimeSpan.FromMilliseconds(1500) } },
        { "KeepAlive", new() { KeepAlive = TimeSpan.FromHours(2) } },
        { "CommandTimeout", new() { CommandTimeout = TimeSpan.FromMilliseconds(999) } },
        { "CommandTimeout", new() { CommandTimeout = TimeSpan.FromHours(2) } },
        { "ProveDeliveryInterval", new() { ProveDeliveryInterval = TimeSpan.Zero } },
        { "ConnectTimeout", new() { ConnectTimeout = TimeSpan.Zero } },
        { "ReconnectDelay", new() { ReconnectDelay = TimeSpan.FromSeconds(11) } },
        { "ReconnectDelay", new() { ReconnectDelay = TimeSpan.Zero } },
        { "MaxReconnectDelay", new() { MaxReconnectDelay = TimeSpan.FromDays(1) } },
        { "QueueCapacity", new() { QueueCapacity = 0 } },
        { "QueueCapacityBytes", new() { QueueCapacityBytes = 0 } },
        { "FullQueueMode", new() { FullQueueMode = (FullQueueMode)9 } },
        { "MaxBackpressure", new() { MaxBackpressure = TimeSpan.FromSeconds(-1) } },
        { "DrainTimeout", new() { DrainTimeout = TimeSpan.FromDays(2) } },
    };

    public static TheoryData<string, NotificationPublisherOptions> WrongForAPublisher => new()
    {
        { "ChannelPrefix", new() { ChannelPrefix = new('ä', 32) } },
        { "CoalesceWindow", new() { CoalesceWindow = TimeSpan.FromMilliseconds(-1) } },
        { "CoalesceWindow", new() { CoalesceWindow = TimeSpan.FromMilliseconds(1001) } },
        { "MaxCoalesced", new() { MaxCoalesced = 0 } },
        { "MaxWaiting", new() { MaxWaiting = 0 } },
        { "StopTimeout", new() { StopTimeout = TimeSpan.FromDays(2) } },
    };

    public static TheoryData<string, SubscriptionOptions> WrongForASubscription => new()
    {
        { "QueueCapacity", new() { QueueCapacity = 0 } },
        { "QueueCapacityBytes", new() { QueueCapacityBytes = -1 } },
        { "FullQueueMode", new() { FullQueueMode = (FullQueueMode)9 } },
        { "MaxBackpressure", new() { MaxBackpressure = TimeSpan.FromDays(1) } },
        { "MaxConcurrency", new() { MaxConcurrency = 0 } },
        { "Timeout", new() { Timeout = TimeSpan.Zero } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_setting_is_named(string setting, ListenerOptions options)
    {
        Assert.Equal(setting, Assert.Single(Validate(options)).MemberNames.Single());
        Assert.StartsWith(setting + " must be ", Assert.Throws<ArgumentException>(() => new Listener("Host=nowhere", options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrongForASubscription))]
    public async Task A_wrong_setting_of_a_subscription_is_named(string setting, SubscriptionOptions options)
    {
        await using var listener = new Listener("Host=nowhere");
        var error = await Assert.ThrowsAsync<ArgumentException>(() => listener.SubscribeAsync("c", (_, _) => Task.CompletedTask, options, TestContext.Current.CancellationToken));
        Assert.StartsWith(setting + " must be ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrongForAPublisher))]
    public void A_wrong_setting_of_a_publisher_is_named(string setting, NotificationPublisherOptions options)
    {
        Assert.Equal("Publisher:" + setting, Assert.Single(Validate(new PgListenerOptions { Publisher = options })).MemberNames.Single());
        Assert.StartsWith(setting + " must be ", Assert.Throws<ArgumentException>(() => new NotificationPublisher("Host=nowhere", options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_defaults_are_valid()
    {
        Assert.Empty(Validate(new ListenerOptions()));
        Assert.Empty(Validate(new PgListenerOptions()));
        Assert.Empty(Validate(new SubscriptionOptions()));
        Assert.Empty(Validate(new NotificationPublisherOptions()));
    }

    [Fact]
    public void Several_wrong_settings_are_all_named()
        => Assert.Equal(["QueueCapacity", "StartupTimeout"], Validate(new PgListenerOptions { QueueCapacity = 0, StartupTimeout = TimeSpan.Zero }).SelectMany(problem => problem.MemberNames));

    [Fact]
    public async Task What_connections_are_made_with_stays_when_other_settings_change()
    {
        var inForce = new OptionsInForce();
        inForce.Replace(new() { KeepAlive = TimeSpan.FromSeconds(1), ConnectTimeout = TimeSpan.FromSeconds(1), DrainTimeout = TimeSpan.FromSeconds(1) }, "options");
        Assert.Equal((10, 10, 1), (inForce.Current.KeepAlive.TotalSeconds, inForce.Current.ConnectTimeout.TotalSeconds, inForce.Current.DrainTimeout.TotalSeconds));

        await using var listener = new Listener("Host=nowhere");
        var error = Assert.Throws<ArgumentException>(() => listener.Update(new() { DrainTimeout = TimeSpan.FromSeconds(-1) }));
        Assert.Equal("options", error.ParamName);
        await using var subscription = await listener.SubscribeAsync("c", (_, _) => Task.CompletedTask, cancellationToken: TestContext.Current.CancellationToken);
        Assert.StartsWith("MaxConcurrency must be ", Assert.Throws<ArgumentException>(() => subscription.Update(new() { MaxConcurrency = 0 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listener_that_cannot_be_made_leaves_no_instruments_behind()
    {
        using var meters = new TestMeters();
        var published = 0;
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, _) => published += instrument.Meter.Scope == meters ? 1 : 0,
        };
        listener.Start();
        var options = new ListenerOptions { MeterFactory = meters };
        Assert.ThrowsAny<ArgumentException>(() => new Listener("", options));
        Assert.ThrowsAny<ArgumentException>(() => new Listener("Hots=nowhere", options));
        Assert.ThrowsAny<ArgumentException>(() => new Listener("Username=u", options));
        Assert.ThrowsAny<ArgumentException>(() => new Listener((Npgsql.NpgsqlDataSource)null!, options));
        Assert.ThrowsAny<ArgumentException>(() => new Listener("Host=nowhere", new() { MeterFactory = meters, QueueCapacity = 0 }));
        Assert.Throws<NotSupportedException>(() => new Listener("Host=nowhere", options, _ => throw new NotSupportedException()));
        Assert.Equal(0, published);
    }

    [Fact]
    public void A_long_keep_alive_needs_no_other_setting()
        => Assert.Empty(Validate(new ListenerOptions { KeepAlive = TimeSpan.FromHours(1) }));

    private static ValidationResult[] Validate(IValidatableObject options) => [.. options.Validate(new(options))];
}

namespace PgListener.Bench;

/// <summary>Makes consumers by name.</summary>
internal static class ConsumerKinds
{
    private const string NoTimeout = ";Command Timeout=0";

    public static IConsumer Create(string kind, ConsumerSettings settings) => kind switch
    {
        Kind.Npgsql => new NpgsqlConsumer(settings),
        Kind.NpgsqlOneByOne => new NpgsqlConsumer(settings) { OneByOne = true },
        Kind.NpgsqlTimeout0 => new NpgsqlConsumer(WithoutTimeout(settings)),
        Kind.NpgsqlJson => new NpgsqlConsumer(WithoutTimeout(settings)) { Parses = true },
        Kind.HandWritten => HostConsumer.HandWritten<HandWrittenService>(settings),
        Kind.HandWrittenTimeout0 => HostConsumer.HandWritten<HandWrittenService>(WithoutTimeout(settings)),
        Kind.HandWrittenChannel => HostConsumer.HandWritten<HandWrittenChannelService>(settings),
        Kind.HandWrittenChannelTimeout0 => HostConsumer.HandWritten<HandWrittenChannelService>(WithoutTimeout(settings)),
        Kind.HandWrittenReaders => new HandWrittenReaders(WithoutTimeout(settings)),
        Kind.ListenerCallback => new ListenerConsumer(settings),
        Kind.ListenerDataSource => new ListenerConsumer(settings) { FromDataSource = true },
        Kind.ListenerAdded => new ListenerConsumer(settings) { Adding = Adding.OneByOne },
        Kind.ListenerAddedAtOnce => new ListenerConsumer(settings) { Adding = Adding.AtOnce },
        Kind.ListenerForeach => new ListenerForeachConsumer(settings),
        Kind.HandlerTransient => HostConsumer.HandlerTransient(settings),
        Kind.HandlerScoped => HostConsumer.HandlerScoped(settings),
        Kind.Stream => new StreamConsumer(settings),
        _ => throw new BenchException($"There is no consumer {kind}."),
    };

    private static ConsumerSettings WithoutTimeout(ConsumerSettings settings) => settings with { ConnectionString = settings.ConnectionString + NoTimeout };
}

namespace PgListener;

/// <summary>The names and units of the instruments of durable channels, on the meter <see cref="PgListenerDiagnostics.MeterName"/>. The handlers have those of <see cref="PgListenerInstruments"/> too, apart from those of queues.</summary>
public static class DurableInstruments
{
    /// <summary>Counter, in <see cref="AttemptUnit"/>: calls of a handler that were not the first attempt at a message.</summary>
    public const string Retries = "pglistener.durable.retries";

    /// <summary>Counter, in <see cref="PgListenerInstruments.MessageUnit"/>: messages that have stepped aside.</summary>
    public const string Parked = "pglistener.durable.messages.parked";

    /// <summary>Counter, in <see cref="PgListenerInstruments.MessageUnit"/>: messages that became dead letters.</summary>
    public const string Dead = "pglistener.durable.messages.dead";

    /// <summary>Counter, in <see cref="MoveUnit"/>: moves of positions.</summary>
    public const string PositionMoves = "pglistener.durable.position.moves";

    /// <summary>Up-down counter, in <see cref="ShardUnit"/>: shards that this process holds.</summary>
    public const string ShardsHeld = "pglistener.durable.shards.held";

    /// <summary>Gauge, in <see cref="PgListenerInstruments.SecondUnit"/>: how long a message has blocked a shard here; 0 if none does.</summary>
    public const string Blocked = "pglistener.durable.blocked.duration";

    /// <summary>Gauge, in <see cref="PgListenerInstruments.MessageUnit"/>: messages that wait in the log for a subscription, in all instances. Counted up to 10,000, at most every 10 seconds.</summary>
    public const string LagMessages = "pglistener.durable.lag.messages";

    /// <summary>Gauge, in <see cref="PgListenerInstruments.SecondUnit"/>: the age of the oldest of them; 0 if none waits.</summary>
    public const string Lag = "pglistener.durable.lag.duration";

    /// <summary>Gauge, in <see cref="PgListenerInstruments.MessageUnit"/>: the dead letters of a subscription.</summary>
    public const string DeadLetters = "pglistener.durable.dead_letters";

    /// <summary>Counter, in <see cref="LookUnit"/>: looks for new messages, one statement each. Of the process, without a subscription.</summary>
    public const string Looks = "pglistener.durable.looks";

    /// <summary>Counter, in <see cref="LookUnit"/>: those of them that have found something.</summary>
    public const string LooksWithNews = "pglistener.durable.looks.with_news";

    /// <summary>Counter, in <see cref="WakeUpUnit"/>: what has told of new messages. Of the process, without a subscription.</summary>
    public const string WakeUps = "pglistener.durable.wake_ups";

    /// <summary>The unit of what counts attempts.</summary>
    public const string AttemptUnit = "{attempt}";

    /// <summary>The unit of what counts moves.</summary>
    public const string MoveUnit = "{move}";

    /// <summary>The unit of what counts shards.</summary>
    public const string ShardUnit = "{shard}";

    /// <summary>The unit of what counts looks.</summary>
    public const string LookUnit = "{look}";

    /// <summary>The unit of what counts wake-ups.</summary>
    public const string WakeUpUnit = "{wake_up}";
}

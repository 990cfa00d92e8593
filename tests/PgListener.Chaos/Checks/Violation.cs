namespace PgListener.Chaos.Checks;

/// <summary>The promises.</summary>
public enum Rule
{
    /// <summary>What is missing is announced, between its neighbours.</summary>
    Announced,

    /// <summary>What is missing was committed within the window of the announcement.</summary>
    InsideWindow,

    /// <summary>An overflow tells exactly how many were dropped.</summary>
    DropCount,

    /// <summary>Nothing is given twice.</summary>
    NoDuplicate,

    /// <summary>The order of commits is kept.</summary>
    InOrder,

    /// <summary>What is given was sent, as it was sent, and not rolled back.</summary>
    WasSent,

    /// <summary>The first thing a subscription hears is that it has started.</summary>
    BeginsWithStarted,

    /// <summary>Each session after the first is announced to each subscription, before what was committed in it.</summary>
    SessionAnnounced,

    /// <summary>An announcement has a cause, and no two have the same.</summary>
    AnnouncedOnce,

    /// <summary>After its end a subscription hears nothing.</summary>
    SilentAfterEnd,

    /// <summary>The states follow each other as they may.</summary>
    LegalStates,

    /// <summary>A stop is over in time.</summary>
    StopsInTime,

    /// <summary>Healed, every subscription hears again soon, and all of it.</summary>
    Recovers,

    /// <summary>Memory is bounded.</summary>
    BoundedMemory,

    /// <summary>Nothing else was seen to be wrong.</summary>
    NoError,
}

/// <summary>A promise that was not kept.</summary>
/// <param name="Rule">Which.</param>
/// <param name="Subject">The listener or subscription.</param>
/// <param name="At">When it showed.</param>
/// <param name="Text">What happened.</param>
/// <param name="Position">Where in the subscription's log.</param>
public sealed record Violation(Rule Rule, string Subject, DateTimeOffset At, string Text, int? Position = null);

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

    /// <summary>A window does not end before it begins, whatever happens to the clock.</summary>
    WindowInOrder,

    /// <summary>Only one that was itself slow for about as long as it may hold up the reading overflows.</summary>
    OnlyTheGuiltyOverflow,

    /// <summary>In the state of listening, what is sent arrives within the time in which a loss is noticed, or a gap is announced.</summary>
    ListeningMeansHearing,

    /// <summary>A connection whose server process has ended is noticed to be lost in time, also while the reading is paused.</summary>
    NoticesInTime,

    /// <summary>No session is lost to what somebody has set for the role: it sets for itself what it needs.</summary>
    SetsWhatItNeeds,

    /// <summary>That notifications arrive is proven whenever a second connection can be had.</summary>
    ProvenWhenPossible,

    /// <summary>Nothing else was seen to be wrong.</summary>
    NoError,
}

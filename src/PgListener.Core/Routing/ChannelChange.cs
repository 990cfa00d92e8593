namespace PgListener.Routing;

/// <summary>One LISTEN or UNLISTEN to be sent.</summary>
/// <param name="Route">The channel.</param>
/// <param name="Listen">LISTEN, or UNLISTEN.</param>
/// <param name="Version">The edit of the route that this follows from.</param>
internal readonly record struct ChannelChange(Route Route, bool Listen, long Version);

using Microsoft.Extensions.Logging;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>The parts of a listener that a link to a server uses. They outlive its sessions.</summary>
/// <param name="Owner">Decides which results count.</param>
/// <param name="Channels">The wanted channels.</param>
/// <param name="Backpressure">Decides when reading has to pause.</param>
/// <param name="Options">The settings.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Logs changes.</param>
internal sealed record SessionParts(SessionOwner Owner, ChannelTable Channels, Backpressure Backpressure, OptionsInForce Options, TimeProvider Time, ILogger Logger);

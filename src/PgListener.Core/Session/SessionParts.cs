using Microsoft.Extensions.Logging;
using PgListener.Routing;
using PgListener.Subscriptions;

namespace PgListener.Session;

/// <summary>What a link to a server works with: one listener's parts that outlive its sessions.</summary>
/// <param name="Owner">Decides what counts.</param>
/// <param name="Channels">The channels that are wanted.</param>
/// <param name="Backpressure">Says when the reading has to pause.</param>
/// <param name="Options">The settings.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Hears of changes.</param>
internal sealed record SessionParts(SessionOwner Owner, ChannelTable Channels, Backpressure Backpressure, OptionsInForce Options, TimeProvider Time, ILogger Logger);

using Microsoft.EntityFrameworkCore.Infrastructure;
using PgListener;
using PgListener.EntityFrameworkCore.Publishing;
using PgListener.EntityFrameworkCore.Registration;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Publishes with what a context saves: the notification is sent in the transaction of <c>SaveChanges</c>, or never.</summary>
/// <remarks>
/// <para>The context needs <see cref="PgListenerDbContextOptionsBuilderExtensions.UsePgListener(DbContextOptionsBuilder, string)"/>. This applies to plain and durable channels.</para>
/// <para>
/// The values are queued in the context. <c>SaveChanges</c> and <c>SaveChangesAsync</c> send them after the statements of Entity Framework Core and before the commit: in the order in which they were published, those of one channel
/// in one statement. Without a transaction, <c>SaveChanges</c> begins one for them, regardless of <see cref="DatabaseFacade.AutoTransactionBehavior"/>; in a transaction that is in progress they are sent as part of that.
/// They are sent too if there are no changes to save.
/// </para>
/// <para>If <c>SaveChanges</c> fails, they stay queued for the next one, as the changes do.</para>
/// <para>Like the context, these members are not thread-safe.</para>
/// </remarks>
public static class PgListenerDbContextExtensions
{
    /// <summary>Publishes a value with the next <c>SaveChanges</c>.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="value">The value, complete as it is. For one with a key that the database generates, call <see cref="PublishAfterSave"/>.</param>
    /// <exception cref="InvalidOperationException">The context does not use Npgsql or <c>UsePgListener()</c>, or the application has no publisher.</exception>
    public static void Publish<TChannel>(this DbContext context, TChannel value)
        where TChannel : INotificationChannel<TChannel>
    {
        if (value is null)
            throw new ArgumentNullException(nameof(value));
        QueueOf(context).Add(new QueuedValue<TChannel>(value));
    }

    /// <summary>Publishes a value with the next <c>SaveChanges</c>. The value is created after the changes are written, when generated values are known.</summary>
    /// <typeparam name="TChannel">The channel's type.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="createValue">
    /// Creates the value, before the commit. Generated keys and other generated values are in the properties of the entities by then. It is called again if a retrying execution strategy saves again,
    /// so it must have no side effects. If it throws, <c>SaveChanges</c> fails, and nothing is saved.
    /// </param>
    /// <example>
    /// <code>
    /// var order = db.Orders.Add(new() { Product = "tea" }).Entity;
    /// db.PublishAfterSave(() => new OrderPlaced(order.Id, order.Product));
    /// await db.SaveChangesAsync();
    /// </code>
    /// </example>
    /// <inheritdoc cref="Publish" path="/exception"/>
    public static void PublishAfterSave<TChannel>(this DbContext context, Func<TChannel> createValue)
        where TChannel : INotificationChannel<TChannel>
    {
        ArgumentNullException.ThrowIfNull(createValue);
        QueueOf(context).Add(new QueuedValue<TChannel>(createValue));
    }

    /// <summary>Discards published values that have not been sent yet, as <c>ChangeTracker.Clear()</c> discards the changes. Call both at the beginning of a block that an execution strategy retries.</summary>
    /// <param name="context">The context.</param>
    /// <exception cref="InvalidOperationException">The context does not use <c>UsePgListener()</c>.</exception>
    public static void ClearPublished(this DbContext context) => QueueOf(context).Clear();

    private static PublishQueue QueueOf(DbContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.GetService<IDbContextOptions>().FindExtension<PgListenerOptionsExtension>() is null)
            throw new InvalidOperationException($"{context.GetType()} cannot publish. Call UsePgListener() where its options are configured: options.UseNpgsql(…).UsePgListener().");
        return context.GetService<PublishQueue>();
    }
}

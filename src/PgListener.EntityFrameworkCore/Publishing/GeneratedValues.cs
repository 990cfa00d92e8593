using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;

namespace PgListener.EntityFrameworkCore.Publishing;

/// <summary>
/// Shows the values that the database has generated in the properties of the entities, before the commit. Entity Framework Core keeps them apart until it accepts the changes, so that a
/// failed transaction leaves the entities as they were; so they are taken out again.
/// </summary>
internal sealed class GeneratedValues : IDisposable
{
    private readonly ChangeTracker _tracker;
    private readonly bool _detectsChanges;
    private readonly List<(object Entity, MemberInfo Member, object? Value)> _former = [];

    private GeneratedValues(ChangeTracker tracker)
    {
        _tracker = tracker;
        _detectsChanges = tracker.AutoDetectChangesEnabled;

        // What is shown is not a change.
        tracker.AutoDetectChangesEnabled = false;
    }

    /// <summary>Shows the values of all entities that are being saved, until the result is disposed of.</summary>
    public static GeneratedValues Show(DbContext context)
    {
        var shown = new GeneratedValues(context.ChangeTracker);
        try
        {
            foreach (var entry in context.ChangeTracker.Entries())
            {
                if (entry.State is EntityState.Added or EntityState.Modified)
                    shown.Show(entry);
            }

            return shown;
        }
        catch
        {
            shown.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var (entity, member, value) in _former)
            Write(entity, member, value);
        _tracker.AutoDetectChangesEnabled = _detectsChanges;
    }

    private void Show(EntityEntry entry)
    {
        foreach (var property in entry.Metadata.GetProperties())
        {
            // Foreign keys have the values that were generated for the entities that they refer to.
            if (property.IsShadowProperty() || property.IsIndexerProperty() || (property.ValueGenerated == ValueGenerated.Never && !property.IsForeignKey()))
                continue;

            // The field, because a setter may do more than to set.
            if (((MemberInfo?)property.FieldInfo ?? property.PropertyInfo) is not { } member)
                continue;

            var generated = entry.Property(property).CurrentValue;
            var value = Read(entry.Entity, member);
            if (Equals(generated, value))
                continue;

            _former.Add((entry.Entity, member, value));
            Write(entry.Entity, member, generated);
        }
    }

    private static object? Read(object entity, MemberInfo member)
        => member is FieldInfo field ? field.GetValue(entity) : ((PropertyInfo)member).GetValue(entity);

    private static void Write(object entity, MemberInfo member, object? value)
    {
        if (member is FieldInfo field)
            field.SetValue(entity, value);
        else
            ((PropertyInfo)member).SetValue(entity, value);
    }
}
